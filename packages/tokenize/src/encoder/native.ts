import { type WasmMemory, WebAssembly } from '@mlm/base/webassembly';
import { type CharacterMap, characterMap } from '../normalizer/character-map.js';
import { type Normalizer, normalizer } from '../normalizer/normalizer.js';
import type { ComponentJson } from '../tokenizer/tokenizer-json.js';
import type { AddedToken, DocumentMode, EncodedText, Encoder, NativeImage } from '../tokenizer/types.js';
import { isWordCharacter } from '../unicode/patterns.js';
import { decodeLossy } from './documents.js';
import { encoderModule } from './modules.js';
import { MAX_TEXT_BYTES, putText } from './room.js';
import { tokenSet } from './token-set.js';

// The JavaScript side of assembly/{bpe,unigram}/encoder.ts.

/** Exports of both modules. */
export interface NativeExports {
  memory: WasmMemory;
  setUpTokens(rawBytes: number, normalizedBytes: number): number;
  normalizerTable(index: number): number;
  setPlain(low: bigint, high: bigint): void;
  /** Behind this address nothing is put while the tables are filled. */
  spare(): number;
  beginTrie(at: number): void;
  finishTokens(): void;
  finish(filled: number): number;
  reach(end: number): void;
  reserve(bytes: number): number;
  encode(mode: number): void;
  ids: { value: number };
  out: { value: number };
  taken: { value: number };
  documentEnds: { value: number };
  documentStarts: { value: number };
  documentCount: { value: number };
}

/** What a model provides for its encoder. */
export interface NativeModel {
  module: 'bpe' | 'unigram';
  name: string;
  normalizer: ComponentJson | null;
  addedTokens: readonly AddedToken[];
  /** Calls that lay out the memory, given the normalizer's arguments, which are the last two of `setUp`. */
  calls(normalizer: [flags: number, bytes: number]): NativeImage['calls'];
  /** Fills the tables once the memory is laid out. */
  fill(exports: NativeExports & Record<string, (...args: number[]) => number>): void;
}

/** What the encoder leaves to TypeScript. */
export interface NativeFallback {
  /** Returns the ids of a text that is not well-formed UTF-8. */
  encodeText(text: string): number[];
  /** Throws for a word that is too long. */
  checkWord(word: string): void;
}

const MODES: Record<DocumentMode, number> = { none: 0, line: 1, 'blank-line': 2 };
const MAX_REPLACEMENT_BYTES = 1 << 20;
const FLAGS = { left: 1, right: 2, rightLast: 4, collapses: 8, lowersAscii: 16, normalizes: 32, byHost: 64 };
const ENTRY = { meets: 1, doubled: 2, same: 3 } as const;

/** Sets up an encoder for this and other threads. */
export function nativeImage(model: NativeModel): NativeImage {
  const map = characterMap(model.normalizer, model.name);
  const normalize = model.normalizer ? normalizer(model.normalizer, model.name) : (text: string) => text;
  const raw = tokenSet(model.addedTokens.filter(({ normalized }) => !normalized));
  const normalized = tokenSet(
    model.addedTokens
      .filter((token) => token.normalized)
      .map((token) => ({ ...token, content: normalize(token.content) })),
  );
  const flags = map ? mapFlags(map) : FLAGS.byHost;
  const calls: NativeImage['calls'] = model.calls([flags, MAX_REPLACEMENT_BYTES]);
  const wasm = new NativeModule(model.module, calls, model.name, model.normalizer, map !== undefined);
  const at = wasm.exports.setUpTokens(raw.length, normalized.length);
  wasm.bytes(at).set(raw);
  wasm.bytes(at + raw.length).set(normalized);
  model.fill(wasm.exports as never);
  if (flags & FLAGS.normalizes) wasm.fillPage(0);
  const end = wasm.exports.finish(0) >>> 0;
  const memory = new SharedArrayBuffer(end);
  new Uint8Array(memory).set(new Uint8Array(wasm.exports.memory.buffer, 0, end));
  return {
    module: model.module,
    calls,
    normalizer: model.normalizer,
    mapsCharacters: map !== undefined,
    tokenBytes: [raw.length, normalized.length],
    name: model.name,
    memory,
    replacementBytes: wasm.replacementBytes,
  };
}

/** Puts bytes into memory that stays free while tables are filled, for a function that reads them there. */
export function handOver(wasm: NativeExports, bytes: Uint8Array, read: (at: number) => void): void {
  const at = wasm.spare() >>> 0;
  wasm.reach(at + bytes.length + 64);
  new Uint8Array(wasm.memory.buffer, at).set(bytes);
  read(at);
}

function mapFlags(map: CharacterMap): number {
  // Either all ASCII letters are lowercased or none.
  const ascii = map.page(0);
  const outcomes = Array.from({ length: 26 }, (_, i) => ascii[0x41 + i]!);
  const lowers = outcomes.every(
    (outcome, i) => typeof outcome === 'object' && outcome.replacement === String.fromCharCode(0x61 + i),
  );
  return (
    (map.stripsLeft ? FLAGS.left : 0) |
    (map.stripsRight ? FLAGS.right : 0) |
    (map.stripsRightLast ? FLAGS.rightLast : 0) |
    (map.collapsesSpaces ? FLAGS.collapses : 0) |
    (lowers ? FLAGS.lowersAscii : 0) |
    (map.collapsesSpaces || map.changes ? FLAGS.normalizes : 0)
  );
}

/** An instance of the module, with the functions that it imports. */
class NativeModule {
  readonly exports: NativeExports;
  replacementBytes = 0;
  readonly #map: CharacterMap | undefined;
  readonly #normalize: Normalizer;
  readonly #clusters = new Map<string, Buffer>();
  /** Set by the encoder that owns it. */
  fallback: NativeFallback | undefined;
  spilled: Int32Array[] = [];
  invalidUtf8 = 0;

  constructor(
    module: NativeImage['module'],
    calls: NativeImage['calls'],
    name: string,
    json: ComponentJson | null,
    mapsCharacters: boolean,
  ) {
    this.#map = mapsCharacters ? characterMap(json, name) : undefined;
    this.#normalize = this.#map?.normalize ?? (json ? normalizer(json, name) : (text) => text);
    const host = {
      spill: () => void this.spilled.push(this.ids().slice()),
      encodeIllFormed: (start: number, end: number) => this.#encodeIllFormed(start, end),
      fillPage: (page: number) => this.fillPage(page),
      normalizeCluster: (start: number, end: number, out: number) => this.#normalizeCluster(start, end, out),
      isWordCharacter: (c: number) => (isWordCharacter(String.fromCodePoint(c)) ? 1 : 0),
      checkLength: (start: number, end: number) => this.fallback?.checkWord(this.#text(start, end)),
    };
    this.exports = new WebAssembly.Instance(encoderModule(module), { host }).exports as NativeExports;
    const functions = this.exports as unknown as Record<string, (...args: (number | boolean)[]) => void>;
    for (const [call, ...args] of calls) functions[call]!(...args);
  }

  bytes(at: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer, at >>> 0);
  }

  /** The ids in memory. */
  ids(): Int32Array {
    const { memory, ids, out } = this.exports;
    return new Int32Array(memory.buffer, ids.value >>> 0, ((out.value >>> 0) - (ids.value >>> 0)) >> 2);
  }

  /** Fills the entries of 256 characters; see assembly/common/normalize.ts. */
  fillPage(page: number): void {
    const outcomes = this.#map!.page(page << 8);
    const { exports } = this;
    const [entries, replacements] = [exports.normalizerTable(0) >>> 0, exports.normalizerTable(1) >>> 0];
    const view = new DataView(exports.memory.buffer);
    for (const [i, outcome] of outcomes.entries()) {
      const at = entries + 4 * ((page << 8) + i);
      view.setUint32(at, typeof outcome === 'string' ? ENTRY[outcome] : ENTRY.meets, true);
      if (typeof outcome === 'string') continue;
      const bytes = Buffer.from(outcome.replacement);
      // Without room for its replacement, a character is normalized here each time.
      if (this.replacementBytes + bytes.length + 2 > MAX_REPLACEMENT_BYTES - 64) continue;
      const to = replacements + this.replacementBytes;
      view.setUint16(to, bytes.length, true);
      this.bytes(to + 2).set(bytes);
      view.setUint32(at, to, true);
      this.replacementBytes += bytes.length + 2;
    }
    if (page === 0) this.setPlain(outcomes);
  }

  /** Sets which ASCII characters are copied or lowercased: per low nibble, one bit for each high nibble. */
  setPlain(outcomes = this.#map!.page(0)): void {
    const rows = new Uint8Array(16);
    const lowers = typeof outcomes[0x41] === 'object' && outcomes[0x41].replacement === 'a';
    for (let c = 0; c < 128; c++) {
      const isPlain = outcomes[c] === 'same' || (lowers && c >= 0x41 && c <= 0x5a);
      if (isPlain) rows[c & 15]! |= 1 << (c >> 4);
    }
    const view = new DataView(rows.buffer);
    this.exports.setPlain(view.getBigUint64(0, true), view.getBigUint64(8, true));
  }

  #text(start: number, end: number): string {
    return Buffer.from(this.exports.memory.buffer, start >>> 0, (end >>> 0) - (start >>> 0)).toString();
  }

  #normalizeCluster(start: number, end: number, out: number): number {
    const text = this.#text(start, end);
    let bytes = this.#clusters.get(text);
    if (bytes === undefined) {
      bytes = Buffer.from(this.#normalize(text));
      if (text.length <= MAX_CACHED_CLUSTER) {
        if (this.#clusters.size >= MAX_CACHED_CLUSTERS) this.#clusters.clear();
        this.#clusters.set(text, bytes);
      }
    }
    const at = out >>> 0;
    this.exports.reach(at + bytes.length + 256);
    this.bytes(at).set(bytes);
    return bytes.length;
  }

  #encodeIllFormed(start: number, end: number): number {
    const bytes = new Uint8Array(
      this.exports.memory.buffer,
      start >>> 0,
      (end >>> 0) - (start >>> 0),
    ).slice();
    const { text, invalid } = decodeLossy(bytes);
    this.invalidUtf8 += invalid;
    const ids = Int32Array.from(this.fallback!.encodeText(text));
    this.spilled.push(ids);
    return ids.length;
  }
}

const MAX_CACHED_CLUSTER = 16;
const MAX_CACHED_CLUSTERS = 1 << 14;

/** An encoder in WebAssembly, with a cache of known words. */
export class NativeEncoder implements Encoder {
  readonly #wasm: NativeModule;

  constructor(image: NativeImage, fallback: NativeFallback) {
    const { module, calls, name, normalizer, mapsCharacters, tokenBytes, memory, replacementBytes } = image;
    this.#wasm = new NativeModule(module, calls, name, normalizer, mapsCharacters);
    this.#wasm.fallback = fallback;
    this.#wasm.replacementBytes = replacementBytes;
    const { exports } = this.#wasm;
    exports.setUpTokens(...tokenBytes);
    exports.reach(memory.byteLength);
    this.#wasm.bytes(0).set(new Uint8Array(memory));
    if (mapsCharacters && normalizer !== null) this.#wasm.setPlain();
    exports.finish(memory.byteLength);
  }

  room(bytes: number): Uint8Array | undefined {
    if (bytes > MAX_TEXT_BYTES) return undefined;
    return this.#wasm.bytes(this.#wasm.exports.reserve(bytes)).subarray(0, bytes);
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    putText(text, this.room(text.length));
    const wasm = this.#wasm;
    const { exports } = wasm;
    wasm.spilled = [];
    wasm.invalidUtf8 = 0;
    exports.encode(MODES[document]);
    const view = (address: { value: number }) =>
      new Int32Array(exports.memory.buffer, address.value >>> 0, exports.documentCount.value);
    return {
      ids: wasm.spilled.length === 0 ? wasm.ids() : joined([...wasm.spilled, wasm.ids()]),
      documentEnds: view(exports.documentEnds),
      documentStarts: view(exports.documentStarts),
      invalidUtf8: wasm.invalidUtf8,
    };
  }
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
