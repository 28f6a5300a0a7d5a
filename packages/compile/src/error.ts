/**
 * Something the user can put right: the message is one clear line. It carries the same code as `@mlm/arrow`'s error, by
 * which the command line knows it, so that this package can stand alone, without Arrow.
 */
export class InputError extends Error {
  readonly code = 'MLM_INPUT';
  override readonly name = 'InputError';
}
