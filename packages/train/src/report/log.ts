import { rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { TrainerState } from '../checkpoint/state.js';
import type { EvaluationEvent, StepMetrics } from '../loop/events.js';
import type { ResolvedOptions } from '../loop/options.js';
import { reportPage } from './html.js';
import { MetricsFile } from './metrics.js';
import type { SamplePrediction } from './samples.js';
import { EventFile } from './tensorboard.js';

/** What a run writes down as it goes: metrics.jsonl, TensorBoard's events, and at the end report.html. */
export class RunLog {
  readonly #metrics: MetricsFile;
  readonly #events: EventFile;

  private constructor(private readonly folder: string) {
    this.#metrics = new MetricsFile(folder);
    this.#events = new EventFile(folder);
  }

  /** @param after of a run that goes on: the step it goes on after, −1 without any; what was written beyond it is dropped */
  static async open(folder: string, after?: number): Promise<RunLog> {
    const log = new RunLog(folder);
    await log.#metrics.truncate(after ?? -1);
    if (after !== undefined) await log.#events.restart(after + 1);
    return log;
  }

  async step(line: StepMetrics): Promise<void> {
    await this.#metrics.append(line);
    const { loss, learning_rate, tokens_per_second } = line;
    const values = { loss, learning_rate, tokens_per_second };
    await this.#events.scalars(line.step, prefixed('train', values));
  }

  async evaluation({ step, loss, perplexity, accuracy }: EvaluationEvent): Promise<void> {
    await this.#metrics.append({
      step,
      eval_loss: loss,
      eval_perplexity: perplexity,
      eval_accuracy: accuracy,
    });
    await this.#events.scalars(step, prefixed('eval', { loss, perplexity, accuracy }));
  }

  /** Writes report.html. */
  async report(
    options: ResolvedOptions,
    state: TrainerState,
    samples: SamplePrediction[] = [],
  ): Promise<void> {
    const facts = {
      dataset: options.dataset,
      model: options.model,
      engine: `${options.engine}, ${options.device}, ${options.precision}`,
      steps: `${state.step} of ${state.recipe['total-steps']}`,
      tokens: state.tokens,
      seconds: Math.round(state.elapsed_seconds),
      'batch size': options.batchSize * options.gradientAccumulation,
      'learning rate': `${options.learningRate}, ${options.schedule}`,
      seed: options.seed,
    };
    const page = reportPage({ title: basename(this.folder), facts, samples }, await this.#metrics.read());
    const path = join(this.folder, 'report.html');
    await writeFile(`${path}.partial`, page);
    await rename(`${path}.partial`, path);
  }
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
}
