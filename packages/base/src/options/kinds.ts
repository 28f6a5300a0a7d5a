/** What an option says about itself, whatever its kind. */
export interface Described {
  /** One line of help, worded for both a library and a command line. */
  readonly help: string;
  /** Placeholder for the value in the help: `rows` gives `--batch-size <rows>`. */
  readonly value?: string;
  /** The default in words, if the value itself says little: `one a core`. */
  readonly shown?: string;
  /** The name on the command line, if it differs from the option's; `false` keeps the option off the command line. */
  readonly flag?: string | false;
  /** A one-letter alias on the command line. */
  readonly short?: string;
  /**
   * What a resumed run must share with the run that began. By default the option's value, under the option's name; a
   * text is another name for it; `through` names the entry that the value takes part in; `false`: it may differ.
   */
  readonly decides?: boolean | string | { readonly through: string };
  /** Without which this option has no effect: a value other than the default is then refused. */
  readonly requires?: Requirement | readonly Requirement[];
  /** Options of the same table that contradict this one. */
  readonly excludes?: string | readonly string[];
}

/** Another option of the same table, or one of its values. */
export type Requirement = string | { readonly option: string; readonly value: string };

/** One option: its type, default, check, help and name on the command line. Made by one of the kinds below. */
export interface Option<Value = unknown, Default extends Value | undefined = Value | undefined>
  extends Described {
  readonly kind: 'whole' | 'real' | 'bytes' | 'flag' | 'choice' | 'text' | 'path' | 'list';
  readonly default: Default;
  /** Describes a valid value, to follow "expected": `a whole number of at least 1`. */
  readonly expected: string;
  /** Must be given: it has no default. See {@link required}. */
  readonly required?: boolean;
  /** The values to choose from. */
  readonly choices?: readonly string[];
  /** Whether a value is valid. */
  accepts(value: unknown): boolean;
  /** The value that a text spells, not yet checked by {@link Option.accepts}. */
  read(text: string): Value;
}

/** Makes options of one kind; an option without a default may be left out and is then `undefined`. */
interface Kind<Value, Limits = unknown> {
  (spec: Described & Limits & { readonly default: Value }): Option<Value, Value>;
  (spec: Described & Limits): Option<Value, undefined>;
}

type Behaviour<Value> = Pick<Option<Value>, 'kind' | 'expected' | 'accepts' | 'read'>;

function kind<Value, Limits = unknown>(behaviour: (limits: Limits) => Behaviour<Value>): Kind<Value, Limits> {
  const make = (spec: Described & Limits) => ({ default: undefined, ...spec, ...behaviour(spec) });
  return make as Kind<Value, Limits>;
}

interface WholeLimits {
  /** Default 0. */
  readonly from?: number;
  /** Default 2^53 - 1. */
  readonly to?: number;
}

interface RealLimits extends WholeLimits {
  /** The number must be less than this. */
  readonly below?: number;
}

/** A whole number. */
export const whole = kind<number, WholeLimits>(({ from = 0, to = Number.MAX_SAFE_INTEGER }) => ({
  kind: 'whole',
  expected: `a whole number ${range(from, to)}`,
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= from && Number(value) <= to,
  read: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN),
}));

/** A kind of option that is a whole number or one word. */
const wholeOr = <Word extends string>(word: Word) =>
  kind<number | Word, WholeLimits>((limits) => {
    const number = whole({ help: '', ...limits });
    return {
      kind: 'whole',
      expected: `${word} or ${number.expected}`,
      accepts: (value) => value === word || number.accepts(value),
      read: (text) => (text === word ? word : number.read(text)),
    };
  });

/** A whole number, or the word `auto`. */
export const wholeOrAuto = wholeOr('auto');

/** A whole number, or `slurm-array`: the place of a task in a Slurm array. */
export const wholeOrSlurmArray = wholeOr('slurm-array');

/** A finite number. */
export const real = kind<number, RealLimits>(({ from = 0, to = Number.POSITIVE_INFINITY, below }) => ({
  kind: 'real',
  expected: `a number ${range(from, to)}${below === undefined ? '' : ` and below ${below}`}`,
  accepts: (value) =>
    Number.isFinite(value) &&
    Number(value) >= from &&
    Number(value) <= to &&
    (below === undefined || Number(value) < below),
  read: (text) => (text.trim() === '' ? Number.NaN : Number(text)),
}));

/** A share below 1, or a whole number from 1. */
export const shareOrWhole = kind<number>(() => ({
  kind: 'real',
  expected: 'a share below 1 or a whole number',
  accepts: (value) =>
    Number(value) >= 0 && (Number.isSafeInteger(value) || (typeof value === 'number' && value < 1)),
  read: (text) => (text.trim() === '' ? Number.NaN : Number(text)),
}));

function range(from: number, to: number): string {
  const unbounded = to === Number.MAX_SAFE_INTEGER || to === Number.POSITIVE_INFINITY;
  return unbounded ? `of at least ${from}` : `between ${from} and ${to}`;
}

/** Powers of 1,000, and with an `i` of 1,024. */
const byteUnits = ['', 'K', 'M', 'G', 'T'];

/** A size in bytes, from 1; as a text also `500MB`, `1.5G` or `1GiB`. */
export const bytes = kind<number>(() => ({
  kind: 'bytes',
  expected: 'a size in bytes, such as 500MB or 2G',
  accepts: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
  read(text) {
    const [, number, unit = '', binary] = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])(i?))?B?$/i.exec(text) ?? [];
    return Math.round(Number(number) * (binary ? 1024 : 1000) ** byteUnits.indexOf(unit.toUpperCase()));
  },
}));

const string = (kind: 'text' | 'path', expected: string) => () => ({
  kind,
  expected,
  accepts: (value: unknown) => typeof value === 'string',
  read: (text: string) => text,
});

/** A text, passed on unchanged. */
export const text = kind<string>(string('text', 'a text'));

/** The path of a file or folder. */
export const path = kind<string>(string('path', 'a path'));

/** Several texts. */
export const list = kind<readonly string[]>(() => ({
  kind: 'list',
  expected: 'a list of texts',
  accepts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  read: (text) => [text],
}));

/** The same option, but it must be given. */
export function required<Value>(option: Option<Value, undefined>): Option<Value, Value> {
  return { ...option, required: true } as unknown as Option<Value, Value>;
}

/** On or off; off by default. */
export function flag(spec: Described & { readonly default?: boolean }): Option<boolean, boolean> {
  return {
    default: false,
    ...spec,
    kind: 'flag',
    expected: 'true or false',
    accepts: (value) => typeof value === 'boolean',
    read: (text) => text === 'true',
  };
}

/** One of the words in `choices`. */
export function choice<const Word extends string>(
  choices: readonly Word[],
  spec: Described & { readonly default: NoInfer<Word> },
): Choice<Word, Word>;
export function choice<const Word extends string>(
  choices: readonly Word[],
  spec: Described,
): Choice<Word, undefined>;
export function choice(choices: readonly string[], spec: Described): Choice<string, string | undefined> {
  return {
    default: undefined,
    ...spec,
    kind: 'choice',
    choices,
    expected: `one of ${choices.join(', ')}`,
    accepts: (value) => choices.some((word) => word === value),
    read: (text) => text,
  };
}

type Choice<Word extends string, Default extends Word | undefined> = Option<Word, Default> & {
  readonly choices: readonly Word[];
};
