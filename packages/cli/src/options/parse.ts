import { InvalidArgumentError } from 'commander';

/** Readers of option values: each throws commander's InvalidArgumentError, which names the option. */

type Reader<T> = (text: string) => T;

export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Reader<number> {
  return (text) => {
    const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`Expected a whole number ${range(minimum, maximum)}.`);
    }
    return value;
  };
}

export function decimal(minimum: number, maximum = Number.POSITIVE_INFINITY): Reader<number> {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`Expected a number ${range(minimum, maximum)}.`);
    }
    return value;
  };
}

/** A whole number as {@link integer} reads it, or the word `auto`. */
export function integerOrAuto(minimum: number): Reader<number | 'auto'> {
  const read = integer(minimum);
  return (text) => {
    if (text === 'auto') return text;
    try {
      return read(text);
    } catch {
      throw new InvalidArgumentError(`Expected auto or a whole number of at least ${minimum}.`);
    }
  };
}

const sizeUnits: Record<string, number> = { '': 1, K: 1e3, M: 1e6, G: 1e9, T: 1e12 };

/** A size in bytes: `500MB`, `1.5G`, `1000000`. */
export function byteSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMGT]?)B?$/i.exec(text);
  const unit = sizeUnits[match?.[2]?.toUpperCase() ?? ''];
  const bytes = Math.round(Number(match?.[1]) * (unit ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1) {
    throw new InvalidArgumentError('Expected a size in bytes, such as 500MB or 2G.');
  }
  return bytes;
}

function range(minimum: number, maximum: number): string {
  const unbounded = maximum === Number.MAX_SAFE_INTEGER || maximum === Number.POSITIVE_INFINITY;
  return unbounded ? `of at least ${minimum}` : `between ${minimum} and ${maximum}`;
}
