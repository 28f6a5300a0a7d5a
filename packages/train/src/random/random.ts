/**
 * A seeded stream of random numbers: xoshiro128** (Blackman and Vigna 2018, arXiv:1805.01407), its state filled by
 * SplitMix32. The same on every machine.
 */
export class Random {
  readonly #state = new Uint32Array(4);

  /** @param key whole numbers that together name the stream, such as a seed and an epoch */
  constructor(...key: number[]) {
    let hash = 0x9e3779b9;
    for (const number of key) {
      hash = mix32(hash ^ (number >>> 0));
      hash = mix32(hash ^ (Math.floor(number / 2 ** 32) >>> 0));
    }
    for (let i = 0; i < 4; i++) {
      hash = (hash + 0x9e3779b9) | 0;
      this.#state[i] = mix32(hash);
    }
  }

  /** A whole number from 0 to 2³² − 1. */
  uint32(): number {
    const s = this.#state;
    const s1 = s[1]!;
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1] = s1 ^ s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= shifted;
    s[3] = (s[3]! << 11) | (s[3]! >>> 21);
    return result;
  }

  /** A whole number from 0 to `limit` − 1, each as likely (`limit` ≤ 2³²). */
  below(limit: number): number {
    // Values beyond the largest multiple of the limit would favour small results: draw again.
    const end = 2 ** 32 - (2 ** 32 % limit);
    let value = this.uint32();
    while (value >= end) value = this.uint32();
    return value % limit;
  }

  /** Permutes `values` in place (Fisher–Yates, from the end). */
  shuffle(values: Uint32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const value = values[i]!;
      values[i] = values[j]!;
      values[j] = value;
    }
  }

  /** `count` draws from the normal distribution around 0 (Marsaglia's polar method). */
  normals(count: number, deviation: number): Float32Array {
    const values = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      let x = 0;
      let y = 0;
      let square = 0;
      do {
        x = this.uint32() * 2 ** -31 - 1;
        y = this.uint32() * 2 ** -31 - 1;
        square = x * x + y * y;
      } while (square >= 1 || square === 0);
      const factor = deviation * Math.sqrt((-2 * Math.log(square)) / square);
      values[i] = x * factor;
      if (i + 1 < count) values[i + 1] = y * factor;
    }
    return values;
  }
}

/** A bijection of 32-bit numbers whose every output bit depends on every input bit. */
function mix32(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}
