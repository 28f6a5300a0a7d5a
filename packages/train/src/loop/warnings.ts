import { type MessageParts, mention, say } from '@mlm/base/errors';
import type { ResolvedOptions } from './options.js';
import type { Setup } from './setup.js';

/** Options that have no effect in this run, one message each. */
export function warningsOf(
  options: ResolvedOptions,
  { dataset, validation, schedule, notes }: Setup,
): MessageParts[] {
  const { evalEvery, evalAtStart, warmup } = options;
  const { totalSteps, warmupSteps } = schedule;
  const warnings: MessageParts[] = notes.map((note) => [note]);
  if (!validation && (evalEvery > 0 || evalAtStart)) {
    const option = mention(evalEvery > 0 ? 'evalEvery' : 'evalAtStart');
    warnings.push(
      say`${option} has no effect: ${dataset.path} has no validation rows; preprocess with ${mention('evalFraction')}`,
    );
  } else if (evalEvery > totalSteps) {
    warnings.push(say`${mention('evalEvery', evalEvery)} has no effect: the run ends at step ${totalSteps}`);
  }
  // Not for shares: they are rounded up to whole steps, so that a run of a single step is all warm-up.
  if (warmup >= 1 && warmupSteps >= totalSteps) {
    warnings.push(
      say`${mention('warmup', warmup)}: the run ends at step ${totalSteps}, before the learning rate reaches its maximum`,
    );
  }
  return warnings;
}
