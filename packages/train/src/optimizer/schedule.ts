/** The learning rate's course after the warm-up. */
export const scheduleNames = ['linear', 'cosine', 'constant', 'warmup-stable-decay'] as const;
/**
 * `linear` and `cosine` fall to 0 at the last step, `constant` stays, `warmup-stable-decay` stays and falls to 0 over
 * the last steps.
 */
export type ScheduleName = (typeof scheduleNames)[number];

/** The learning rate over the steps of a run. */
export interface Schedule {
  name: ScheduleName;
  /** The highest learning rate, reached at the end of the warm-up. */
  learningRate: number;
  warmupSteps: number;
  totalSteps: number;
  /** Length of the final decay, `warmup-stable-decay` only. */
  decaySteps: number;
}

/**
 * The learning rate of optimizer step `step`, counted from 0, as transformers' schedulers give it: from 0 up along a
 * straight line, then down to 0 at `totalSteps` (`linear`, `cosine`), not at all (`constant`), or over the last
 * `decaySteps` along a straight line (`warmup-stable-decay`, Hu et al. 2024, arXiv:2404.06395).
 */
export function learningRateAt(schedule: Schedule, step: number): number {
  const { name, learningRate, warmupSteps, totalSteps } = schedule;
  if (step < warmupSteps) return (learningRate * step) / Math.max(1, warmupSteps);
  const left = Math.max(0, totalSteps - step);
  const progress = 1 - left / Math.max(1, totalSteps - warmupSteps);
  switch (name) {
    case 'constant':
      return learningRate;
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress));
    case 'warmup-stable-decay':
      return learningRate * Math.min(1, left / Math.max(1, schedule.decaySteps));
  }
}

/** A warm-up given as a share of the steps (below 1) or as a whole number of them (1 and more). */
export function warmupSteps(warmup: number, totalSteps: number): number {
  return warmup < 1 ? Math.ceil(warmup * totalSteps) : warmup;
}
