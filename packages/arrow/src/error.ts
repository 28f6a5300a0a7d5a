const code = 'MLM_INPUT';

/** Something the user can put right: the message is one clear line that names the file, row or option and what to do. */
export class InputError extends Error {
  /** The same for all of them, across copies of this package. */
  readonly code = code;
  /** What stands before the message in a stack trace. */
  override readonly name = 'InputError';

  /** Known by its code: `@mlm/compile`, which stands alone without Arrow, has a class of its own, and is meant too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && 'code' in value && value.code === code;
  }
}
