import type { DataPlan } from '../data/dataset.js';
import type { TrainerOptions } from '../engine/trainer.js';
import { type Schedule, warmupSteps } from '../optimizer/schedule.js';
import type { ResolvedOptions } from './options.js';

/** The steps of a run, and how each is computed. */
export interface RunPlan {
  stepsPerEpoch: number;
  schedule: Schedule;
  trainer: TrainerOptions;
}

/**
 * Counts a run's optimizer steps and assembles its engine's options.
 *
 * @param microBatchSize rows of a batch that the engine computes at once
 */
export function planRun(
  options: ResolvedOptions,
  plan: Pick<DataPlan, 'batchesPerEpoch' | 'lengths' | 'documents'>,
  microBatchSize: number,
): RunPlan {
  const stepsPerEpoch = Math.ceil(plan.batchesPerEpoch / options.gradientAccumulation);
  const totalSteps = options.maxSteps > 0 ? options.maxSteps : options.epochs * stepsPerEpoch;
  const { engine, device, threads, precision, xla, devices, seed } = options;
  const { beta1, beta2, epsilon, weightDecay, clipNorm } = options;
  return {
    stepsPerEpoch,
    schedule: {
      name: options.schedule,
      learningRate: options.learningRate,
      warmupSteps: warmupSteps(options.warmup, totalSteps),
      decaySteps: warmupSteps(options.decay, totalSteps),
      totalSteps,
    },
    trainer: {
      ...{ engine, device, threads, precision, xla, devices, seed },
      batchSize: microBatchSize,
      gradientAccumulation: options.gradientAccumulation * Math.ceil(options.batchSize / microBatchSize),
      lengths: plan.lengths,
      documents: plan.documents,
      frozenLayers: options.freezeLayers,
      checkpointing: options.gradientCheckpointing,
      optimizer: { beta1, beta2, epsilon, weightDecay, clipNorm },
    },
  };
}
