import { readPackageBytes } from '@mlm/base/bytes';
import type { WasmMemory } from '@mlm/base/webassembly';
import type { WordPieceModel } from '../tokenizer/types.js';
import { characterTables, firstBytes } from '../unicode/classes.js';
import type { EncoderImage, EncoderLayout } from './image.js';

/** Exports of assembly/wordpiece/encoder.ts for setting it up. */
export interface SetUpExports {
  memory: WasmMemory;
  setUpTrie(bytes: number, unknownId: number, maxInputCharacters: number): void;
  setUpAddedTokens(count: number, bytes: number): void;
  setUpWords(lowercase: boolean): void;
  handOver(bytes: number): number;
  addTokens(start: number, end: number, prefix: number, prefixLength: number): number;
  addAddedToken(start: number, end: number, id: number): void;
  tableAt(index: number): number;
  takeOver(trieBytes: number, wordBits: number, words: number): void;
  setUp(lowercase: boolean, cleansText: boolean): void;
  filledEnd(): number;
  knownWords(): number;
  wordBits: { value: number };
}

const MAX_CHARACTERS = 0x7fffffff;
/** Memory is stored without the blocks of this size that hold zeros only. */
const BLOCK = 4096;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Sets up an encoder for a model. */
export function setUp(wasm: SetUpExports, model: WordPieceModel): EncoderLayout {
  const tokens = utf8(tokenLines(model));
  const prefix = utf8(model.continuingSubwordPrefix);
  const added = model.addedTokens
    .map(({ id, content }) => ({ id, bytes: utf8(content) }))
    .sort((a, b) => b.bytes.length - a.bytes.length);
  const layout: EncoderLayout = {
    trieBytes: 0,
    addedTokens: added.map(({ bytes }) => bytes.length),
    unknownId: model.tokens.lastIndexOf(model.unkToken),
    maxInputCharacters: Math.min(model.maxInputCharsPerWord, MAX_CHARACTERS),
    lowercase: model.lowercase,
    cleanText: model.cleanText,
  };
  begin(wasm, layout, tokens.length);
  const parts = [tokens, prefix, ...added.map(({ bytes }) => bytes)];
  let at = wasm.handOver(parts.reduce((sum, { length }) => sum + length, 0));
  const [tokensAt, prefixAt, ...addedAt] = parts.map((bytes) => {
    new Uint8Array(wasm.memory.buffer, at).set(bytes);
    at += bytes.length;
    return at - bytes.length;
  });
  layout.trieBytes = wasm.addTokens(tokensAt!, prefixAt!, prefixAt!, prefix.length);
  for (const [i, { id, bytes }] of added.entries())
    wasm.addAddedToken(addedAt[i]!, addedAt[i]! + bytes.length, id);
  fillTables(wasm, model);
  wasm.setUp(layout.lowercase, layout.cleanText);
  return layout;
}

/** Sets up an encoder from the image of another thread's. */
export function takeOver(wasm: SetUpExports, { layout, memory, regions, ...words }: EncoderImage): void {
  begin(wasm, layout, 0);
  wasm.takeOver(layout.trieBytes, words.wordBits, words.knownWords);
  const targets = regions.map(([start, bytes]) => new Uint8Array(wasm.memory.buffer, start, bytes));
  if (typeof memory === 'string') {
    readPackageBytes(new URL(memory), targets);
  } else {
    let at = 0;
    for (const target of targets) {
      target.set(new Uint8Array(memory, at, target.length));
      at += target.length;
    }
  }
  wasm.setUp(layout.lowercase, layout.cleanText);
}

/** The image of an encoder for other threads. Call it before the first text. */
export function imageOf(wasm: SetUpExports, layout: EncoderLayout): EncoderImage {
  const { buffer } = wasm.memory;
  const regions = filledRegions(new Int32Array(buffer, 0, wasm.filledEnd() >> 2));
  const memory = new SharedArrayBuffer(regions.reduce((sum, [, length]) => sum + length, 0));
  let at = 0;
  for (const [start, length] of regions) {
    new Uint8Array(memory, at).set(new Uint8Array(buffer, start, length));
    at += length;
  }
  return { layout, memory, regions, knownWords: wasm.knownWords(), wordBits: wasm.wordBits.value };
}

/** Where blocks stand that hold anything but zeros: start and length in bytes, neighbours joined. */
function filledRegions(memory: Int32Array): [start: number, length: number][] {
  const regions: [start: number, length: number][] = [];
  for (let next = 0; next < memory.length; ) {
    const block = next;
    next = Math.min(block + (BLOCK >> 2), memory.length);
    let at = block;
    while (at < next && memory[at] === 0) at++;
    if (at === next) continue;
    const [start, length] = [block << 2, (next - block) << 2];
    const last = regions.at(-1);
    if (last && last[0] + last[1] === start) last[1] += length;
    else regions.push([start, length]);
  }
  return regions;
}

function begin(wasm: SetUpExports, layout: EncoderLayout, tokenBytes: number): void {
  const { addedTokens } = layout;
  wasm.setUpTrie(tokenBytes, layout.unknownId, layout.maxInputCharacters);
  wasm.setUpAddedTokens(
    addedTokens.length,
    addedTokens.reduce((sum, bytes) => sum + bytes, 0),
  );
  wasm.setUpWords(layout.lowercase);
}

/** The tokens, one per line. A token that contains a line end never occurs, since text is split there. */
function tokenLines({ tokens }: WordPieceModel): string {
  const text = `${tokens.join('\n')}\n`;
  let lines = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines++;
  if (lines === tokens.length) return text;
  return `${tokens.map((token) => (token?.includes('\n') ? '' : token)).join('\n')}\n`;
}

function fillTables(wasm: SetUpExports, model: WordPieceModel): void {
  const { buffer } = wasm.memory;
  const { kinds, mappingIndex, mappings, singles } = characterTables(model);
  new Uint8Array(buffer, wasm.tableAt(0), kinds.length).set(kinds);
  new Uint16Array(buffer, wasm.tableAt(1), mappingIndex.length).set(mappingIndex);
  new Uint32Array(buffer, wasm.tableAt(2), mappings.length).set(mappings);
  new Uint8Array(buffer, wasm.tableAt(4)).set(firstBytes(kinds));
  if (model.maxInputCharsPerWord < 1) return;
  // Plus 1, so that 0 is an unknown one.
  const ids = new Int32Array(buffer, wasm.tableAt(3), 0x10000);
  for (let id = 0; id < model.tokens.length; id++) {
    if (model.tokens[id]?.length === 1) ids[model.tokens[id]!.charCodeAt(0)] = id + 1;
  }
  for (const [from, to] of singles) {
    ids[from] = to < 0x10000 ? ids[to]! : model.tokens.lastIndexOf(String.fromCodePoint(to)) + 1;
  }
}
