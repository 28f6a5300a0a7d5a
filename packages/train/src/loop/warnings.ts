import type { ResolvedOptions } from './options.js';
import type { Setup } from './setup.js';

/** Options that do nothing in this run, though it can go on: a line each. */
export function warningsOf(
  options: ResolvedOptions,
  { dataset, validation, schedule, notes }: Setup,
): string[] {
  const { evalEvery, evalAtStart, warmup } = options;
  const { totalSteps, warmupSteps } = schedule;
  const warnings: string[] = [...notes];
  if (!validation && (evalEvery > 0 || evalAtStart)) {
    const option = evalEvery > 0 ? '--eval-every' : '--eval-at-start';
    warnings.push(
      `${option} has no effect: ${dataset.path} has no held-out rows; preprocess with --eval-fraction`,
    );
  } else if (evalEvery > totalSteps) {
    warnings.push(`--eval-every ${evalEvery} has no effect: the run ends at step ${totalSteps}`);
  }
  // A share is rounded up to whole steps: a run of a single one is all warm-up, and nobody asked for that.
  if (warmup >= 1 && warmupSteps >= totalSteps) {
    warnings.push(
      `--warmup ${warmup}: the run ends at step ${totalSteps}, before the learning rate is at its height`,
    );
  }
  return warnings;
}
