const FIRST_PAIRS = 1 << 16;
const FIRST_PLACES = 1 << 18;
const NONE = -1;

/**
 * Pairs of neighbouring symbols: how often each occurs, and in which words. A hash table with linked lists of words, over
 * typed arrays that double as they fill.
 */
export class PairTable {
  size = 0;
  left = new Int32Array(FIRST_PAIRS);
  right = new Int32Array(FIRST_PAIRS);
  /** Occurrences in all words, weighted by the words' counts. */
  counts = new Float64Array(FIRST_PAIRS);
  /** The first place in each pair's list. */
  #heads = new Int32Array(FIRST_PAIRS);
  #slots = new Int32Array(2 * FIRST_PAIRS);
  /** A place in a list: a word, and the next place. */
  #placeWords = new Int32Array(FIRST_PLACES);
  #placeNext = new Int32Array(FIRST_PLACES);
  #places = 0;
  /** A list of the places that are free. */
  #free = NONE;

  /** Index of a pair; a new one is added. */
  indexOf(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(left, right) & mask;
    for (let entry = this.#slots[slot]!; entry !== 0; entry = this.#slots[slot]!) {
      if (this.left[entry - 1] === left && this.right[entry - 1] === right) return entry - 1;
      slot = (slot + 1) & mask;
    }
    if (this.size === this.left.length) this.#growPairs();
    const pair = this.size++;
    this.left[pair] = left;
    this.right[pair] = right;
    this.#heads[pair] = NONE;
    if (this.size * 2 > this.#slots.length) this.#index(2 * this.#slots.length);
    else this.#slots[slot] = this.size;
    return pair;
  }

  /** Records that the pair occurs in the word. */
  addWord(pair: number, word: number): void {
    const head = this.#heads[pair]!;
    if (head !== NONE && this.#placeWords[head] === word) return;
    let place = this.#free;
    if (place !== NONE) this.#free = this.#placeNext[place]!;
    else {
      if (this.#places === this.#placeWords.length) this.#growPlaces();
      place = this.#places++;
    }
    this.#placeWords[place] = word;
    this.#placeNext[place] = head;
    this.#heads[pair] = place;
  }

  /** Removes and returns the words recorded for a pair; the pair may no longer occur in some of them. */
  takeWords(pair: number): number[] {
    const words: number[] = [];
    let place = this.#heads[pair]!;
    this.#heads[pair] = NONE;
    while (place !== NONE) {
      words.push(this.#placeWords[place]!);
      const next = this.#placeNext[place]!;
      this.#placeNext[place] = this.#free;
      this.#free = place;
      place = next;
    }
    return words;
  }

  #growPairs(): void {
    this.left = doubled(this.left, Int32Array);
    this.right = doubled(this.right, Int32Array);
    this.counts = doubled(this.counts, Float64Array);
    this.#heads = doubled(this.#heads, Int32Array);
  }

  #growPlaces(): void {
    this.#placeWords = doubled(this.#placeWords, Int32Array);
    this.#placeNext = doubled(this.#placeNext, Int32Array);
  }

  #index(slotCount: number): void {
    this.#slots = new Int32Array(slotCount);
    for (let pair = 0; pair < this.size; pair++) {
      let slot = hash(this.left[pair]!, this.right[pair]!) & (slotCount - 1);
      while (this.#slots[slot] !== 0) slot = (slot + 1) & (slotCount - 1);
      this.#slots[slot] = pair + 1;
    }
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(left, 0x9e3779b1) ^ Math.imul(right, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}

function doubled<T extends Int32Array | Float64Array>(from: T, type: new (length: number) => T): T {
  const to = new type(2 * from.length);
  to.set(from);
  return to;
}
