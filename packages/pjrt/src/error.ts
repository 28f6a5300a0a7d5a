/** The codes of XLA's errors, from 1 on (https://abseil.io/docs/cpp/guides/status-codes). */
const codes = [
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

export type PjrtErrorCode = (typeof codes)[number];

export const codeName = (code: number): PjrtErrorCode => codes[code - 1] ?? 'UNKNOWN';

/**
 * An error of XLA.
 *
 * @example
 * ```ts
 * import { PjrtError } from '@mlm/pjrt';
 *
 * const isFull = (error: unknown) => error instanceof PjrtError && error.code === 'RESOURCE_EXHAUSTED';
 * ```
 */
export class PjrtError extends Error {
  override readonly name = 'PjrtError';

  /**
   * @param call the function of the PJRT C API, without its prefix
   * @param code `RESOURCE_EXHAUSTED` if memory ran out
   */
  constructor(
    readonly call: string,
    readonly code: PjrtErrorCode,
    said: string,
  ) {
    super(`XLA, ${call}: ${code}: ${said.trim()}`);
  }
}
