/** Words of 32 bits in a hash. */
const WORDS = 4;
const BYTES = 4 * WORDS;
const TABLES = 256;
/** Places of a table's first memory. */
const FIRST_PLACES = 16;

/**
 * A set of 128-bit hashes in open addressing, 21 to 32 bytes a hash. It is divided by the hash's first byte into tables that
 * grow one at a time, so that the old and the new memory of only one of them are there together.
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
   * @returns whether it was not there before
   */
  add(hash: Uint8Array): boolean {
    const table = this.tables[hash[0]!]!;
    const view = new DataView(hash.buffer, hash.byteOffset, BYTES);
    const [a, b, c, d] = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
    // A place whose words are all 0 is empty; the hash that would look like it is kept as another, 1 in 2^128.
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

/** Puts a hash where it belongs, or after; false where it is there. */
function place(words: Uint32Array, a: number, b: number, c: number, d: number): boolean {
  // Any number of places does: the second word, as a fraction of 2^32, says which is the hash's.
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
