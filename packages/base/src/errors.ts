const code = 'MLM_INPUT';

/** An option named in a message: a library prints its name, the command line its flag. */
export interface OptionMention {
  readonly option: string;
  /** The value to give it, if the message recommends one. */
  readonly value?: string | number | undefined;
}

/** A function that a message recommends calling: a library prints the call, the command line its own command. */
export interface CallMention {
  readonly call: string;
  /** The options to give it. */
  readonly options?: Readonly<Record<string, string | number | boolean>> | undefined;
}

/** What libraries and the command line spell differently in a message. */
export type Mention = OptionMention | CallMention;

/** A message in parts: plain text, and the options and functions it names. Survives structured clone. */
export type MessageParts = readonly (string | Mention)[];

/**
 * Names an option in a message that {@link say} writes. `mention('overwrite')` reads `overwrite` in a library and
 * `--overwrite` on the command line; with a value, `workers: 2` and `--workers 2`.
 *
 * @param option - the name in the library's options object: `learningRate`
 * @param value - the value the message recommends
 *
 * @example
 * ```ts
 * import { mention, messageText, say } from '@mlm/base';
 *
 * console.log(messageText(say`use ${mention('workers', 2)}`)); // use workers: 2
 * ```
 */
export function mention(option: string, value?: string | number): OptionMention {
  return value === undefined ? { option } : { option, value };
}

/**
 * Names a function of these packages in a message that {@link say} writes, as a remedy. `call('setupTensorflow', { gpu:
 * true })` reads so in a library, and `mlm setup tensorflow --gpu` on the command line.
 *
 * @param name - the exported function
 * @param options - the options to call it with
 *
 * @example
 * ```ts
 * import { call, InputError, say } from '@mlm/base';
 *
 * throw new InputError(say`TensorFlow is not set up; use ${call('setupTensorflow', { gpu: true })}`);
 * ```
 */
export function call(name: string, options?: CallMention['options']): CallMention {
  return options === undefined ? { call: name } : { call: name, options };
}

/**
 * A message as a tagged template whose values may be mentions or messages: `` say`${path} exists; use ${mention('overwrite')}` ``.
 *
 * @example
 * ```ts
 * import { mention, say } from '@mlm/base';
 *
 * const why = say`${mention('precision', 'bf16')} needs a GPU`;
 * const message = say`${why}; leave it out`; // messages nest
 * ```
 */
export function say(strings: TemplateStringsArray, ...values: unknown[]): MessageParts {
  return strings.flatMap((text, i) => (i === 0 ? [text] : [...partsOf(values[i - 1]), text]));
}

/**
 * The message as a library prints it. Pass `name` to print mentions otherwise, as the command line does.
 *
 * @example
 * ```ts
 * import { mention, messageText, say } from '@mlm/base';
 *
 * const parts = say`use ${mention('overwrite')}`;
 * const flags = messageText(parts, (mention) => ('option' in mention ? `--${mention.option}` : mention.call));
 * console.log(flags); // use --overwrite
 * ```
 */
export function messageText(parts: MessageParts, name = libraryName): string {
  return oneLine(parts.map((part) => (typeof part === 'string' ? part : name(part))).join(''));
}

/** Longer messages quote something that is neither a name nor a number; its beginning and end identify it. */
const MAX_LENGTH = 1000;

/** What a message quotes (a path, a value, another program's output) may contain line feeds and have any length. */
function oneLine(text: string): string {
  const line = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a line must not hold
    /[\u0000-\u001f\u007f\u0085\u2028\u2029]/g,
    (character) => JSON.stringify(character).slice(1, -1),
  );
  return line.length <= MAX_LENGTH
    ? line
    : `${line.slice(0, MAX_LENGTH / 2)} … ${line.slice(-MAX_LENGTH / 2)}`;
}

/**
 * An error that the user can fix: one clear line that names the file, row or option, what was expected and what to do.
 *
 * @example
 * ```ts
 * import { InputError, mention, say } from '@mlm/base';
 *
 * throw new InputError(say`out.arrow exists already; use ${mention('overwrite')}`);
 * ```
 */
export class InputError extends Error {
  /** The same for every InputError, across copies of this package. */
  readonly code = code;
  /** The name before the message in a stack trace. */
  override readonly name = 'InputError';
  /** The message with its mentions as parts, for a caller that spells them its own way. */
  readonly parts: MessageParts;

  constructor(message: string | MessageParts) {
    const parts = typeof message === 'string' ? [message] : message;
    super(messageText(parts));
    this.parts = parts;
  }

  /** Recognized by its code, so that errors from another copy of this package count too. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // A stream that fails twice joins both errors in an AggregateError with the code of the first.
    return value instanceof Error && 'code' in value && value.code === code && 'parts' in value;
  }
}

/**
 * An {@link InputError} about options that are wrong whatever the input holds: an unknown name, a value out of range, or
 * a combination that makes no sense. The command line ends with the exit code of wrong usage.
 *
 * @example
 * ```ts
 * import { mention, OptionError, say } from '@mlm/base';
 *
 * throw new OptionError(say`${mention('rocm')} contradicts ${mention('tpu')}; give one of them`);
 * ```
 */
export class OptionError extends InputError {
  /** Marks an OptionError across copies of this package. */
  readonly isAboutOptions = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return super[Symbol.hasInstance](value) && 'isAboutOptions' in (value as object);
  }
}

/** A value of the template: a mention, another message, or anything that converts to text. */
function partsOf(value: unknown): MessageParts {
  if (Array.isArray(value)) return value.flatMap(partsOf);
  return [isMention(value) ? value : String(value)];
}

function isMention(value: unknown): value is Mention {
  return typeof value === 'object' && value !== null && ('option' in value || 'call' in value);
}

function libraryName(mention: Mention): string {
  if ('option' in mention) return pair(mention.option, mention.value);
  const options = Object.entries(mention.options ?? {}).map(([name, value]) => pair(name, value));
  return `${mention.call}(${options.length === 0 ? '' : `{ ${options.join(', ')} }`})`;
}

function pair(name: string, value: unknown): string {
  return value === undefined ? name : `${name}: ${value}`;
}
