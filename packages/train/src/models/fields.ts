import { InputError } from '@mlm/base/errors';
import { parseJson, shown } from '@mlm/base/json';

/** The largest sizes: far beyond any model, and small enough that a list of all tensor names fits into memory. */
const largest = { layers: 1024, size: 2 ** 20, vocabulary: 2 ** 24 } as const;

/** The fields of a config.json, checked as they are read. A field that is missing or null has its default. */
export class ConfigFields {
  constructor(
    private readonly json: Readonly<Record<string, unknown>>,
    /** Where the text came from, for error messages. */
    readonly source: string,
  ) {}

  /** @throws InputError if the text is not a JSON object */
  static parse(text: string, source: string): ConfigFields {
    let json: unknown;
    try {
      json = parseJson(text);
    } catch (error) {
      throw new InputError(`${source}: not valid JSON (${(error as Error).message})`);
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new InputError(`${source}: expected a JSON object`);
    }
    return new ConfigFields(json as Record<string, unknown>, source);
  }

  value(name: string): unknown {
    // Not inherited properties, such as toString.
    return Object.hasOwn(this.json, name) ? (this.json[name] ?? undefined) : undefined;
  }

  /** A whole number, at least 0. @throws InputError for anything else */
  count(name: string, fallback: number): number {
    const value = this.value(name) ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.wrong(name, 'a whole number');
    return value as number;
  }

  /** A size, from 1 to the {@link largest} of its kind. @throws InputError for anything else */
  size(name: string, fallback: number, kind: keyof typeof largest = 'size'): number {
    const value = this.count(name, fallback);
    if (value < 1 || value > largest[kind])
      throw this.wrong(name, `a whole number from 1 to ${largest[kind]}`);
    return value;
  }

  /** A number, at least 0. @throws InputError for anything else */
  real(name: string, fallback: number): number {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'number' || !(value >= 0)) throw this.wrong(name, 'a number');
    return value;
  }

  /** A dropout rate, at least 0 and below 1. @throws InputError for anything else */
  rate(name: string, fallback: number): number {
    const value = this.real(name, fallback);
    if (value >= 1) throw this.wrong(name, 'a number from 0 to below 1');
    return value;
  }

  /** True or false. @throws InputError for anything else */
  flag(name: string, fallback: boolean): boolean {
    const value = this.value(name) ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(name, 'true or false');
    return value;
  }

  /** One of several texts. @throws InputError for anything else */
  oneOf<Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice {
    const value = this.value(name) ?? fallback;
    if (!choices.includes(value as Choice)) {
      const expected = choices.length === 1 ? JSON.stringify(choices[0]) : `one of ${choices.join(', ')}`;
      throw new InputError(`${this.source}: ${name} ${shown(value)} is not supported, expected ${expected}`);
    }
    return value as Choice;
  }

  /** Refuses a value that this implementation does not support. @throws InputError for this value */
  refuse(name: string, value: unknown, expected: string): void {
    if (this.value(name) !== value) return;
    throw new InputError(`${this.source}: ${name} is ${shown(value)}, expected ${expected}`);
  }

  /** Refuses all values but the one that this implementation supports. @throws InputError for any other */
  refuseOther(name: string, value: unknown, expected: string): void {
    if (this.value(name) !== value) throw this.wrong(name, expected);
  }

  /** The error for a field with a wrong value. */
  wrong(name: string, expected: string): InputError {
    return new InputError(`${this.source}: ${name} is ${shown(this.value(name))}, expected ${expected}`);
  }
}
