/** Something the user can put right: the message is one clear line that names the file, row or option and what to do. */
export class InputError extends Error {
  readonly code = 'MLM_INPUT';
  override readonly name = 'InputError';
}
