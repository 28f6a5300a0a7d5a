/** Something the user can put right: the message is one clear line that names the file, row or option and what to do. */
export class InputError extends Error {
  /** The same for all of them, across copies of this package. */
  readonly code = 'MLM_INPUT';
  /** What stands before the message in a stack trace. */
  override readonly name = 'InputError';
}
