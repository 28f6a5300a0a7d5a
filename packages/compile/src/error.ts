import { InputError, type MessageParts, mention, say } from '@mlm/base/errors';

/**
 * A step, or the model itself, does not fit into memory.
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
   * @param where the device whose memory is too small
   * @param rows rows of the step; undefined if not even the weights fit
   * @param fitting rows that should fit. Default: half of `rows`
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
    return 'the weights, gradients and moments do not fit into memory; use a smaller model';
  if (fitting < 1)
    return `a step of ${rows} rows does not fit into memory; use a smaller model or shorter rows`;
  return say`a step of ${rows} rows does not fit into memory; try ${mention('microBatchSize', fitting)}, which does not change the result`;
}
