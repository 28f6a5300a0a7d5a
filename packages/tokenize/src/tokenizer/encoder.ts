import { readFileSync } from 'node:fs';
import { characterTables } from '../unicode/classes.js';
import type { DocumentMode, EncodedText, Encoder, WordPieceModel } from './types.js';

/** What assembly/encoder.ts exports. */
interface EncoderExports {
  memory: WebAssembly.Memory;
  tableAt(index: number): number;
  begin(bytes: number): number;
  setUpTrie(bytes: number, unknownId: number, maxInputCharacters: number): void;
  setUpWords(lowercase: boolean): void;
  addTokens(start: number, end: number, prefix: number, prefixLength: number): void;
  setUpAddedTokens(count: number, bytes: number): void;
  addAddedToken(start: number, end: number, id: number): void;
  setUp(lowercase: boolean, cleansText: boolean): void;
  reserve(bytes: number, shortestToken: number): number;
  encode(mode: number): void;
  illFormedCount(): number;
  ids: { value: number };
  idCount: { value: number };
  documentEnds: { value: number };
  documentStarts: { value: number };
  documentCount: { value: number };
}

const MODES: Record<DocumentMode, number> = { none: 0, line: 1, 'blank-line': 2 };
const MAX_TEXT_BYTES = 1 << 28;
const MAX_CHARACTERS = 0x7fffffff;

let compiled: WebAssembly.Module | undefined;

/** The compiled encoder; it can be posted to other threads. */
export function encoderModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../../wasm/encoder.wasm', import.meta.url)));
  return compiled;
}

/** Whether the fast encoder serves a model: it finds added tokens in the text as it stands, wherever they stand. */
export function isFast(model: WordPieceModel): boolean {
  return model.addedTokens.every(
    ({ content, normalized, singleWord }) =>
      !normalized && !singleWord && content.trim() === content && !content.includes('\n') && content !== '',
  );
}

/** WordPiece in WebAssembly, with caches of the words seen before. */
export class WordPieceEncoder implements Encoder {
  readonly #wasm: EncoderExports;
  readonly #shortestToken: number;

  constructor(model: WordPieceModel, module: WebAssembly.Module) {
    this.#wasm = new WebAssembly.Instance(module).exports as EncoderExports;
    this.#shortestToken = Math.min(
      1 << 20,
      ...model.addedTokens.map(({ content }) => Buffer.byteLength(content)),
    );
    setUp(this.#wasm, model);
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    if (text.length > MAX_TEXT_BYTES)
      throw new RangeError(`a text of ${text.length} bytes: encode it in parts`);
    const wasm = this.#wasm;
    const at = wasm.reserve(text.length, this.#shortestToken) >>> 0;
    new Uint8Array(wasm.memory.buffer, at, text.length).set(text);
    wasm.encode(MODES[document]);
    // Addresses are unsigned: beyond 2 GiB they would read as negative.
    const view = (address: { value: number }, count: { value: number }) =>
      new Int32Array(wasm.memory.buffer, address.value >>> 0, count.value);
    return {
      ids: view(wasm.ids, wasm.idCount),
      documentEnds: view(wasm.documentEnds, wasm.documentCount),
      documentStarts: view(wasm.documentStarts, wasm.documentCount),
      invalidUtf8: wasm.illFormedCount(),
    };
  }
}

function setUp(wasm: EncoderExports, model: WordPieceModel): void {
  // A token with a line end in it is never found: it would be parted as whitespace.
  const hasLineEnd = (token: string | undefined) => token?.includes('\n') === true;
  const lines = model.tokens.some(hasLineEnd)
    ? model.tokens.map((token) => (hasLineEnd(token) ? '' : token))
    : model.tokens;
  const tokens = Buffer.from(`${lines.join('\n')}\n`);
  const prefix = Buffer.from(model.continuingSubwordPrefix);
  const added = [...model.addedTokens].sort((a, b) => b.content.length - a.content.length);
  const addedBytes = Buffer.from(added.map(({ content }) => content).join(''));
  const unknown = model.tokens.lastIndexOf(model.unkToken);

  const start = wasm.begin(tokens.length + prefix.length + addedBytes.length);
  const prefixStart = start + tokens.length;
  wasm.setUpTrie(
    tokens.length - lines.length + continuingBytes(model),
    unknown,
    Math.min(model.maxInputCharsPerWord, MAX_CHARACTERS),
  );
  wasm.setUpAddedTokens(added.length, addedBytes.length);
  wasm.setUpWords(model.lowercase);
  new Uint8Array(wasm.memory.buffer, start).set(Buffer.concat([tokens, prefix, addedBytes]));
  wasm.addTokens(start, prefixStart, prefixStart, prefix.length);
  let at = prefixStart + prefix.length;
  for (const { id, content } of added) {
    const end = at + Buffer.byteLength(content);
    wasm.addAddedToken(at, end, id);
    at = end;
  }
  setUpTables(wasm, model, unknown);
  wasm.setUp(model.lowercase, model.cleanText);
}

/** Bytes of the tokens that go on in a word, without the prefix. */
function continuingBytes({ tokens, continuingSubwordPrefix: prefix }: WordPieceModel): number {
  let bytes = 0;
  for (const token of tokens) {
    if (token?.startsWith(prefix)) bytes += Buffer.byteLength(token) - Buffer.byteLength(prefix);
  }
  return bytes;
}

function setUpTables(wasm: EncoderExports, model: WordPieceModel, unknown: number): void {
  const { buffer } = wasm.memory;
  const { kinds, mappingIndex, mappings, singles } = characterTables(model);
  new Uint8Array(buffer, wasm.tableAt(0), kinds.length).set(kinds);
  new Uint16Array(buffer, wasm.tableAt(1), mappingIndex.length).set(mappingIndex);
  new Uint32Array(buffer, wasm.tableAt(2), mappings.length).set(mappings);
  const ids = new Int32Array(buffer, wasm.tableAt(3), 0x10000).fill(unknown);
  if (model.maxInputCharsPerWord < 1) return;
  for (let id = 0; id < model.tokens.length; id++) {
    if (model.tokens[id]?.length === 1) ids[model.tokens[id]!.charCodeAt(0)] = id;
  }
  for (const [from, to] of singles) {
    const id = to < 0x10000 ? ids[to]! : model.tokens.lastIndexOf(String.fromCodePoint(to));
    ids[from] = id < 0 ? unknown : id;
  }
}
