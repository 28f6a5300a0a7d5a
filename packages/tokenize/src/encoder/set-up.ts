import { readPackageBytes } from '@mlm/base/bytes';
import type { WasmMemory } from '@mlm/base/webassembly';
import type { WordPieceModel } from '../tokenizer/types.js';
import { characterTables } from '../unicode/classes.js';
import type { EncoderImage, EncoderLayout } from './image.js';

/** Exports of assembly/wordpiece/encoder.ts for setting it up. */
export interface SetUpExports {
  memory: WasmMemory;
  tableAt(index: number): number;
  begin(bytes: number): number;
  setUpTrie(bytes: number, unknownId: number, maxInputCharacters: number): void;
  setUpWords(lowercase: boolean): void;
  addTokens(start: number, end: number, prefix: number, prefixLength: number): void;
  setUpAddedTokens(count: number, bytes: number): void;
  addAddedToken(start: number, end: number, id: number): void;
  setUp(lowercase: boolean, cleansText: boolean): void;
  filledEnd(): number;
  knownWords(): number;
  setKnownWords(count: number): void;
}

const MAX_CHARACTERS = 0x7fffffff;

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Sets up an encoder for a model. */
export function setUp(wasm: SetUpExports, model: WordPieceModel): EncoderLayout {
  const tokens = utf8(tokenLines(model));
  const prefix = utf8(model.continuingSubwordPrefix);
  const added = [...model.addedTokens].sort((a, b) => b.content.length - a.content.length);
  const addedBytes = utf8(added.map(({ content }) => content).join(''));
  const layout: EncoderLayout = {
    tokenBytes: tokens.length,
    prefixBytes: prefix.length,
    addedBytes: addedBytes.length,
    trieBytes: tokens.length - model.tokens.length + continuingBytes(model),
    addedTokens: added.map(({ id, content }) => ({ id, bytes: utf8(content).length })),
    unknownId: model.tokens.lastIndexOf(model.unkToken),
    maxInputCharacters: Math.min(model.maxInputCharsPerWord, MAX_CHARACTERS),
    lowercase: model.lowercase,
    cleanText: model.cleanText,
  };
  const start = allocate(wasm, layout);
  const memory = new Uint8Array(wasm.memory.buffer, start);
  memory.set(tokens);
  memory.set(prefix, tokens.length);
  memory.set(addedBytes, tokens.length + prefix.length);
  const prefixStart = start + tokens.length;
  wasm.addTokens(start, prefixStart, prefixStart, prefix.length);
  fillTables(wasm, model, layout.unknownId);
  finish(wasm, layout, start);
  return layout;
}

/** Sets up an encoder from the image of another thread's. */
export function takeOver(wasm: SetUpExports, { layout, memory, knownWords }: EncoderImage): void {
  const start = allocate(wasm, layout);
  const bytes = new Uint8Array(wasm.memory.buffer);
  if (typeof memory === 'string') readPackageBytes(new URL(memory), bytes);
  else bytes.set(new Uint8Array(memory));
  wasm.setKnownWords(knownWords);
  finish(wasm, layout, start);
}

/** The image of an encoder for other threads. Call it before the first text. */
export function imageOf(wasm: SetUpExports, layout: EncoderLayout): EncoderImage {
  const memory = new SharedArrayBuffer(wasm.filledEnd());
  new Uint8Array(memory).set(new Uint8Array(wasm.memory.buffer, 0, memory.byteLength));
  return { layout, memory, knownWords: wasm.knownWords() };
}

/** Lays out the memory and returns the address of the tokens. */
function allocate(wasm: SetUpExports, layout: EncoderLayout): number {
  const { tokenBytes, prefixBytes, addedBytes, addedTokens } = layout;
  const start = wasm.begin(tokenBytes + prefixBytes + addedBytes);
  wasm.setUpTrie(layout.trieBytes, layout.unknownId, layout.maxInputCharacters);
  wasm.setUpAddedTokens(addedTokens.length, addedBytes);
  wasm.setUpWords(layout.lowercase);
  return start;
}

function finish(wasm: SetUpExports, layout: EncoderLayout, start: number): void {
  let at = start + layout.tokenBytes + layout.prefixBytes;
  for (const { id, bytes } of layout.addedTokens) {
    wasm.addAddedToken(at, at + bytes, id);
    at += bytes;
  }
  wasm.setUp(layout.lowercase, layout.cleanText);
}

/** The tokens, one per line. A token that contains a line end never occurs, since text is split there. */
function tokenLines({ tokens }: WordPieceModel): string {
  const text = `${tokens.join('\n')}\n`;
  let lines = 0;
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lines++;
  if (lines === tokens.length) return text;
  return `${tokens.map((token) => (token?.includes('\n') ? '' : token)).join('\n')}\n`;
}

/** Bytes of the tokens that continue a word, without the prefix. */
function continuingBytes({ tokens, continuingSubwordPrefix: prefix }: WordPieceModel): number {
  const prefixBytes = utf8(prefix).length;
  let bytes = 0;
  for (const token of tokens) {
    if (token?.startsWith(prefix)) bytes += utf8(token).length - prefixBytes;
  }
  return bytes;
}

function fillTables(wasm: SetUpExports, model: WordPieceModel, unknownId: number): void {
  const { buffer } = wasm.memory;
  const { kinds, mappingIndex, mappings, singles } = characterTables(model);
  new Uint8Array(buffer, wasm.tableAt(0), kinds.length).set(kinds);
  new Uint16Array(buffer, wasm.tableAt(1), mappingIndex.length).set(mappingIndex);
  new Uint32Array(buffer, wasm.tableAt(2), mappings.length).set(mappings);
  const ids = new Int32Array(buffer, wasm.tableAt(3), 0x10000).fill(unknownId);
  if (model.maxInputCharsPerWord < 1) return;
  for (let id = 0; id < model.tokens.length; id++) {
    if (model.tokens[id]?.length === 1) ids[model.tokens[id]!.charCodeAt(0)] = id;
  }
  for (const [from, to] of singles) {
    const id = to < 0x10000 ? ids[to]! : model.tokens.lastIndexOf(String.fromCodePoint(to));
    ids[from] = id < 0 ? unknownId : id;
  }
}
