import type { BpeModel } from '../model/model.js';
import { BYTE_CHARACTERS, BYTE_OF } from '../pre-tokenizer/byte-level.js';
import { SPLIT_PATTERNS, splitPattern } from '../pre-tokenizer/split.js';
import { type ComponentJson, isObject, type TokenizerJson } from '../tokenizer/tokenizer-json.js';
import type { AddedToken } from '../tokenizer/types.js';
import { unpackRanges } from '../unicode/properties.js';
import { letter, number } from '../unicode/tables.generated.js';
import { handOver, type NativeExports, type NativeModel } from './native.js';

/** Exports of assembly/bpe/encoder.ts for setting it up. */
interface BpeExports extends NativeExports {
  byteIds(): number;
  classTable(): number;
  addMerges(at: number, count: number): void;
  addTokens(merges: number, count: number, free: number): void;
  addWord(start: number, end: number, id: number): void;
}

/** A byte-level BPE for its WebAssembly encoder; undefined if the encoder does not know its way to split words. */
export function nativeBpe(
  json: TokenizerJson,
  model: BpeModel,
  addedTokens: readonly AddedToken[],
  name: string,
): NativeModel | undefined {
  const words = wordsOf(json.pre_tokenizer, name);
  if (words === undefined) return undefined;
  const { vocab, fuse_unk = false, ignore_merges = false } = model.json;
  const { unkToken, merges } = model;
  const unknownId = unkToken !== undefined && Object.hasOwn(vocab, unkToken) ? vocab[unkToken]! : -1;
  const tokens = ignore_merges ? byteTokens(vocab) : [];
  // A character each for a byte of those that text can hold.
  const tokenBytes = Object.keys(vocab).reduce((sum, token) => sum + token.length, 256);
  if (tokenBytes > MAX_TOKEN_BYTES) return undefined;
  const ids = Object.values(vocab);
  const idCount = ids.reduce((most, id) => Math.max(most, id + 1), 0);
  // The table of tokens has a place for each id up to the highest.
  const hasTable = idCount < 2 * ids.length + 1024;
  return {
    module: 'bpe',
    name,
    normalizer: json.normalizer ?? null,
    addedTokens,
    calls: (normalizer) => [
      [
        ...(['setUp', merges.length, unknownId, fuse_unk, hasTable ? idCount : 0, tokenBytes] as const),
        ...[ignore_merges, ...normalizer],
      ],
      ['setUpWords', words.digits, words.addsPrefix],
    ],
    fill(exports) {
      const wasm = exports as unknown as BpeExports;
      const ids = new Int32Array(wasm.memory.buffer, wasm.byteIds(), 256);
      for (const [byte, character] of BYTE_CHARACTERS.entries())
        ids[byte] = Object.hasOwn(vocab, character) ? vocab[character]! : -1;
      new Uint8Array(wasm.memory.buffer, wasm.classTable()).set(splitClasses());
      const words = Buffer.concat(tokens.map(({ bytes }) => bytes));
      const room = 12 * merges.length + tokenBytes;
      const handed = new Uint8Array(room + words.length);
      new Int32Array(handed.buffer, 0, 3 * merges.length).set(merges.flat());
      handed.set(words, room);
      handOver(wasm, handed, (at) => {
        wasm.addMerges(at, merges.length);
        wasm.beginTrie(at + handed.length);
        if (hasTable) wasm.addTokens(at, merges.length, at + 12 * merges.length);
        let start = at + room;
        for (const { bytes, id } of tokens) {
          wasm.addWord(start, start + bytes.length, id);
          start += bytes.length;
        }
        wasm.finishTokens();
      });
    },
  };
}

/** The trie's limit: a state and a byte are four bytes together. */
const MAX_TOKEN_BYTES = (1 << 24) - 1;

/** How words are split: `digits` is 0 for GPT-2's expression, else the most digits together in Llama 3's. */
function wordsOf(
  json: ComponentJson | null | undefined,
  name: string,
): { digits: number; addsPrefix: boolean } | undefined {
  const steps = json?.type === 'Sequence' ? (json.pretokenizers as ComponentJson[]) : json ? [json] : [];
  const [first, second] = steps;
  if (steps.length === 1 && first!.type === 'ByteLevel' && first!.use_regex !== false)
    return { digits: 0, addsPrefix: first!.add_prefix_space === true };
  const splits = steps.length === 2 && first!.type === 'Split' && isObject(first!.pattern);
  if (!splits || second!.type !== 'ByteLevel') return undefined;
  if (second!.use_regex !== false || second!.add_prefix_space === true) return undefined;
  return { digits: SPLIT_PATTERNS[splitPattern(first!, name)].includes('{1,3}') ? 3 : 1, addsPrefix: false };
}

/** The tokens that can occur in text, by their bytes. */
function byteTokens(vocab: Readonly<Record<string, number>>): { bytes: Uint8Array; id: number }[] {
  return Object.entries(vocab).flatMap(([token, id]) => {
    const bytes = Array.from(token, (character) => BYTE_OF.get(character) ?? -1);
    return bytes.length === 0 || bytes.includes(-1) ? [] : [{ bytes: Uint8Array.from(bytes), id }];
  });
}

// Classes of characters in assembly/bpe/split.ts.
const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;
const NEWLINE = 4;

let classes: Uint8Array | undefined;

/** The class of each code point, as numbered in assembly/bpe/split.ts. */
function splitClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  classes = new Uint8Array(0x110000);
  for (const [first, end] of unpackRanges(letter)) classes.fill(LETTER, first, end);
  for (const [first, end] of unpackRanges(number)) classes.fill(NUMBER, first, end);
  for (let c = 0; c <= 0x3000; c++) if (/\p{White_Space}/u.test(String.fromCharCode(c))) classes[c] = SPACE;
  classes[0x0a] = classes[0x0d] = NEWLINE;
  return classes;
}
