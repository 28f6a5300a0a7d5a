/** Initial room for words and for their bytes; both double when full. */
const FIRST_WORDS = 1 << 16;
const FIRST_BYTES = 1 << 20;

/** Hash of no bytes, from which {@link nextHash} starts. */
export const EMPTY_HASH = 0x811c9dc5 | 0;

/** Extends the hash of a word by a byte (FNV-1a). */
export function nextHash(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/**
 * Words as UTF-8 bytes with their counts: a hash table over typed arrays, so that counting creates no strings. Words
 * keep the order in which they were first added.
 */
export class WordTable {
  size = 0;
  #bytes = new Uint8Array(FIRST_BYTES);
  /** Word i is `bytes[ends[i - 1] .. ends[i])`. */
  #ends = new Uint32Array(FIRST_WORDS);
  #hashes = new Int32Array(FIRST_WORDS);
  #counts = new Float64Array(FIRST_WORDS);
  /** A word's index + 1, in the slot of its hash or the next free one; 0 in free slots. */
  #slots = new Int32Array(2 * FIRST_WORDS);

  /** Counts the word `bytes[start .. end)`; the caller computed its hash with {@link nextHash}. */
  add(bytes: Uint8Array, start: number, end: number, hash: number): void {
    const slots = this.#slots;
    let slot = spread(hash) & (slots.length - 1);
    for (let entry = slots[slot]!; entry !== 0; entry = slots[slot]!) {
      if (this.#hashes[entry - 1] === hash && this.#equals(entry - 1, bytes, start, end)) {
        this.#counts[entry - 1]! += 1;
        return;
      }
      slot = (slot + 1) & (slots.length - 1);
    }
    this.#append(bytes, start, end, hash);
    slots[slot] = this.size;
    if (this.size * 2 > slots.length) this.#index(2 * slots.length);
  }

  count(word: number): number {
    return this.#counts[word]!;
  }

  /** The word's bytes: a view that is valid until the next `add` or `prune`. */
  bytes(word: number): Uint8Array {
    return this.#bytes.subarray(this.#start(word), this.#ends[word]!);
  }

  /** Drops the words counted fewer than `least` times. */
  prune(least: number): void {
    let kept = 0;
    let keptEnd = 0;
    for (let word = 0, start = 0, end = 0; word < this.size; word++, start = end) {
      end = this.#ends[word]!;
      if (this.#counts[word]! < least) continue;
      this.#bytes.copyWithin(keptEnd, start, end);
      keptEnd += end - start;
      this.#ends[kept] = keptEnd;
      this.#hashes[kept] = this.#hashes[word]!;
      this.#counts[kept] = this.#counts[word]!;
      kept++;
    }
    this.size = kept;
    this.#index(this.#slots.length);
  }

  #start(word: number): number {
    return word === 0 ? 0 : this.#ends[word - 1]!;
  }

  #equals(word: number, bytes: Uint8Array, start: number, end: number): boolean {
    const first = this.#start(word);
    if (this.#ends[word]! - first !== end - start) return false;
    for (let i = start; i < end; i++) if (this.#bytes[first + i - start] !== bytes[i]) return false;
    return true;
  }

  #append(bytes: Uint8Array, start: number, end: number, hash: number): void {
    if (this.size === this.#ends.length) {
      this.#ends = grown(this.#ends, new Uint32Array(2 * this.size));
      this.#hashes = grown(this.#hashes, new Int32Array(2 * this.size));
      this.#counts = grown(this.#counts, new Float64Array(2 * this.size));
    }
    const first = this.#start(this.size);
    while (first + end - start > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, new Uint8Array(2 * this.#bytes.length));
    }
    for (let i = start; i < end; i++) this.#bytes[first + i - start] = bytes[i]!;
    this.#ends[this.size] = first + end - start;
    this.#hashes[this.size] = hash;
    this.#counts[this.size] = 1;
    this.size++;
  }

  #index(slotCount: number): void {
    this.#slots = new Int32Array(slotCount);
    for (let word = 0; word < this.size; word++) {
      let slot = spread(this.#hashes[word]!) & (slotCount - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.#slots[slot] = word + 1;
    }
  }
}

/** FNV's low bits depend little on a word's first bytes, so the high bits are mixed in. */
function spread(hash: number): number {
  return hash ^ (hash >>> 15);
}

function grown<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
