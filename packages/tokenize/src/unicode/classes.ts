import type { NormalizerOptions } from '../normalizer/bert.js';
import {
  DROPPED,
  decompose,
  IDEOGRAPH,
  NONSPACING_MARK,
  PUNCTUATION,
  type UnicodeProperties,
  unicodeProperties,
  WHITESPACE,
} from './properties.js';

// Outcomes of characters, as numbered in assembly/wordpiece/unicode.ts.
const KIND = {
  word: 0,
  dropped: 1,
  space: 2,
  single: 3,
  mapped: 4,
  hangul: 5,
  droppedStarter: 6,
  droppedWhitespace: 7,
} as const;
const ITEM_SINGLE = 1 << 21;
const ITEM_SPACE = 1 << 22;
const ITEM_CLASS_SHIFT = 24;

/** Code points from here on have no mapping. */
export const MAPPING_LIMIT = 0x30000;

/** The tables of assembly/wordpiece/memory.ts with the outcome of each code point under a normalizer. */
export interface CharacterTables {
  kinds: Uint8Array;
  /** Where the entry of a mapped code point begins in `mappings`. */
  mappingIndex: Uint16Array;
  mappings: Uint32Array;
  /** Maps characters of the basic plane to the one character that they become, if that is a word by itself. */
  singles: Map<number, number>;
}

const cached = new Map<string, CharacterTables>();

/** The outcome of every code point under all stages of `normalize`. Cached. */
export function characterTables(options: NormalizerOptions): CharacterTables {
  const { cleanText, handleChineseChars, stripAccents, lowercase } = options;
  const key = [cleanText, handleChineseChars, stripAccents, lowercase].join();
  let tables = cached.get(key);
  if (tables === undefined) {
    tables = makeTables(options);
    cached.set(key, tables);
  }
  return tables;
}

function makeTables(options: NormalizerOptions): CharacterTables {
  const properties = unicodeProperties();
  const kinds = new Uint8Array(0x110000);
  const mappingIndex = new Uint16Array(MAPPING_LIMIT);
  const mappings: number[] = [];
  const singles = new Map<number, number>();
  if (options.stripAccents) kinds.fill(KIND.hangul, 0xac00, 0xd7a4);
  const set = (c: number) => {
    const outcome = outcomeOf(c, options, properties);
    if (typeof outcome === 'number') {
      kinds[c] = outcome;
    } else if (outcome.length === 1 && outcome[0]! & ITEM_SINGLE && c < 0x10000) {
      kinds[c] = KIND.single;
      singles.set(c, outcome[0]! & 0x1fffff);
    } else {
      kinds[c] = KIND.mapped;
      mappingIndex[c] = mappings.length;
      mappings.push(outcome.length, ...outcome);
    }
  };
  for (const [first, end, bit] of properties.classRanges) {
    // The two kinds with many thousands of code points are filled at once; code points with other bits follow.
    if (bit === DROPPED && options.cleanText) kinds.fill(KIND.dropped, first, end);
    else if (bit === IDEOGRAPH && options.handleChineseChars) kinds.fill(KIND.single, first, end);
    else if (bit !== DROPPED && bit !== IDEOGRAPH) for (let c = first; c < end; c++) set(c);
  }
  if (options.stripAccents) {
    for (const c of properties.decomposition.keys()) set(c);
    for (const c of properties.combiningClass.keys()) set(c);
  }
  if (options.lowercase) for (const c of properties.lowercase.keys()) if (c >= 0x80) set(c);
  return { kinds, mappingIndex, mappings: Uint32Array.from(mappings), singles };
}

/**
 * The table of assembly/wordpiece/memory.ts with the first bytes of UTF-8 that tell what a character is: 0x80 for 0xc0 to 0xdf
 * where all characters are parts of words, then for 0xe0 to 0xef, then for the latter where each character is a word by itself.
 */
export function firstBytes(kinds: Uint8Array): Uint8Array {
  const table = new Uint8Array(64);
  const all = (from: number, to: number, test: (kind: number) => boolean) =>
    kinds.subarray(from, to).every(test) ? 0x80 : 0;
  const inWord = (kind: number) =>
    kind !== KIND.space && kind !== KIND.single && kind !== KIND.droppedWhitespace;
  // 0xc0, 0xc1, 0xe0 and 0xed also begin what is ill-formed.
  for (let byte = 2; byte < 32; byte++) table[byte] = all(byte << 6, (byte + 1) << 6, inWord);
  for (let byte = 1; byte < 16; byte++) {
    if (byte === 13) continue;
    const [from, to] = [byte << 12, (byte + 1) << 12];
    table[32 + byte] = all(from, to, inWord);
    table[48 + byte] = all(from, to, (kind) => kind === KIND.single);
  }
  return table;
}

/** The kind of a character, or the items that it becomes. */
function outcomeOf(c: number, options: NormalizerOptions, properties: UnicodeProperties): number | number[] {
  const { classes, combiningClass, lowercase } = properties;
  const isWhite = (classes[c]! & WHITESPACE) !== 0;
  if (options.cleanText && classes[c]! & DROPPED) return isWhite ? KIND.droppedWhitespace : KIND.dropped;
  if (isWhite) return KIND.space;
  const isIdeograph = options.handleChineseChars && (classes[c]! & IDEOGRAPH) !== 0;
  const decomposed = (options.stripAccents && decompose(properties, c)) || [c];
  const items: number[] = [];
  let dropsStarter = false;
  for (const d of decomposed) {
    if (options.stripAccents && classes[d]! & NONSPACING_MARK) {
      dropsStarter ||= !combiningClass.has(d);
      continue;
    }
    const combining = options.stripAccents ? (combiningClass.get(d) ?? 0) : 0;
    for (const l of (options.lowercase && lowercase.get(d)) || [d]) {
      if (isIdeograph || classes[l]! & PUNCTUATION) items.push(l | ITEM_SINGLE);
      else if (classes[l]! & WHITESPACE) items.push(l | ITEM_SPACE);
      else items.push((l | (combining << ITEM_CLASS_SHIFT)) >>> 0);
    }
  }
  if (items.length === 0) return dropsStarter ? KIND.droppedStarter : KIND.dropped;
  if (items.length === 1 && items[0] === c) return KIND.word;
  if (items.length === 1 && items[0] === (c | ITEM_SINGLE)) return KIND.single;
  return items;
}
