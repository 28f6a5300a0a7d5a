import { InputError, type MessageParts, mention, say } from '@mlm/base/errors';

/**
 * A step, or the model itself, that the memory does not hold.
 *
 * @example
 * ```ts
 * import { OutOfMemoryError } from '@mlm/compile';
 *
 * const isTooLarge = (error: unknown) => error instanceof OutOfMemoryError; // try a smaller batch
 * ```
 */
export class OutOfMemoryError extends InputError {
  /**
   * @param where names the device whose memory is too small
   * @param rows of the step; undefined where not even the weights found room
   * @param fitting rows that should fit; default: half of them
   */
  constructor(
    readonly where: string | MessageParts,
    readonly rows: number | undefined,
    fitting = Math.floor((rows ?? 0) / 2),
  ) {
    super(say`${where}: ${outOfMemoryMessage(rows, fitting)}`);
  }
}

function outOfMemoryMessage(rows: number | undefined, fitting: number): string | MessageParts {
  if (rows === undefined)
    return 'the memory does not hold the weights and what belongs to them: use a smaller model';
  if (fitting < 1)
    return `the memory does not hold a step of ${rows} rows: use a smaller model or shorter rows`;
  return say`the memory does not hold a step of ${rows} rows: try ${mention('microBatchSize', fitting)}, which leaves the result as it is`;
}
