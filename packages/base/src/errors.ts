const code = 'MLM_INPUT';

/** An option named in a message: a library prints its name, the command line its flag. */
export interface OptionMention {
  readonly option: string;
  /** The value to give it, where the message recommends one. */
  readonly value?: string | number | undefined;
}

/** A message in parts: plain text, and the options it names. Survives structured clone. */
export type MessageParts = readonly (string | OptionMention)[];

/**
 * Names an option in a message that {@link say} writes. `mention('overwrite')` reads `overwrite` in a library and
 * `--overwrite` on the command line; with a value, `workers: 2` and `--workers 2`.
 *
 * @param option - the name as the library's options object has it: `learningRate`
 * @param value - the value the message recommends
 */
export function mention(option: string, value?: string | number): OptionMention {
  return value === undefined ? { option } : { option, value };
}

/** A message as a tagged template whose values may be options: `` say`${path} exists; use ${mention('overwrite')}` ``. */
export function say(strings: TemplateStringsArray, ...values: unknown[]): MessageParts {
  return strings.flatMap((text, i) => (i === 0 ? [text] : [part(values[i - 1]), text]));
}

/** The message as a library prints it. Pass `name` to print options otherwise, as the command line does. */
export function messageText(parts: MessageParts, name = libraryName): string {
  return parts.map((part) => (typeof part === 'string' ? part : name(part))).join('');
}

/** Something the user can put right: one clear line that names the file, row or option, what was expected and what to do. */
export class InputError extends Error {
  /** The same for all of them, across copies of this package. */
  readonly code = code;
  /** What stands before the message in a stack trace. */
  override readonly name = 'InputError';
  /** The message with the options it names still recognisable, for a caller that spells them its own way. */
  readonly parts: MessageParts;

  constructor(message: string | MessageParts) {
    const parts = typeof message === 'string' ? [message] : message;
    super(messageText(parts));
    this.parts = parts;
  }

  /** Recognised by its code, so that an error made by another copy of this package counts too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && 'code' in value && value.code === code;
  }
}

function part(value: unknown): string | OptionMention {
  return isMention(value) ? value : String(value);
}

function isMention(value: unknown): value is OptionMention {
  return typeof value === 'object' && value !== null && 'option' in value;
}

function libraryName({ option, value }: OptionMention): string {
  return value === undefined ? option : `${option}: ${value}`;
}
