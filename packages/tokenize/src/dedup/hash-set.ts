/** Words of 32 bits in a hash. */
const WORDS = 4;
const BYTES = 4 * WORDS;
const TABLES = 256;
/** Slots of a new table. */
const FIRST_PLACES = 16;

/**
 * A set of 128-bit hashes with open addressing, 21 to 32 bytes per hash. The hash's first byte selects one of 256
 * tables, which grow one at a time, so that only one of them is in memory twice while it grows.
 */
export class HashSet {
  /** Hashes in the set. */
  size = 0;
  /** Bytes that its tables take. */
  bytes = 0;
  private readonly tables = Array.from({ length: TABLES }, () => ({ words: new Uint32Array(0), size: 0 }));

  /**
   * @param memory bytes that the tables may take
   * @param refuse called before they would take more
   */
  constructor(
    private readonly memory: number,
    private readonly refuse: () => never,
  ) {}

  /**
   * @param hash at least 16 bytes, of which the first 16 count
   * @returns whether it is new
   */
  add(hash: Uint8Array): boolean {
    const table = this.tables[hash[0]!]!;
    const view = new DataView(hash.buffer, hash.byteOffset, BYTES);
    const [a, b, c, d] = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
    // A slot of zeros is empty, so the hash 0 (1 in 2^128) is stored as 1.
    const last = (a | b | c | d) === 0 ? 1 : d;
    if (4 * (table.size + 1) > 3 * (table.words.length / WORDS)) this.grow(table);
    if (!place(table.words, a, b, c, last)) return false;
    table.size++;
    this.size++;
    return true;
  }

  private grow(table: { words: Uint32Array<ArrayBuffer> }): void {
    const { words } = table;
    const places = Math.max(FIRST_PLACES, Math.ceil((words.length / WORDS) * 1.5));
    if (this.bytes + places * BYTES - words.byteLength > this.memory) this.refuse();
    const larger = new Uint32Array(places * WORDS);
    for (let i = 0; i < words.length; i += WORDS) {
      const [a, b, c, d] = [words[i]!, words[i + 1]!, words[i + 2]!, words[i + 3]!];
      if ((a | b | c | d) !== 0) place(larger, a, b, c, d);
    }
    table.words = larger;
    this.bytes += larger.byteLength - words.byteLength;
  }
}

/** Stores a hash in its slot or the next free one; false if it is there already. */
function place(words: Uint32Array, a: number, b: number, c: number, d: number): boolean {
  // Works for any number of slots: the second word, as a fraction of 2^32, selects the hash's.
  let at = Math.floor((b / 2 ** 32) * (words.length / WORDS)) * WORDS;
  while ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0) {
    if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) return false;
    at = at + WORDS === words.length ? 0 : at + WORDS;
  }
  words[at] = a;
  words[at + 1] = b;
  words[at + 2] = c;
  words[at + 3] = d;
  return true;
}
