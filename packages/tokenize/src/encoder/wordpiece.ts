import { type WasmModule, WebAssembly } from '@mlm/base/webassembly';
import type { DocumentMode, EncodedText, Encoder, WordPieceModel } from '../tokenizer/types.js';
import type { PreparedEncoder } from './image.js';
import { MAX_TEXT_BYTES, putText } from './room.js';
import { imageOf, type SetUpExports, setUp, takeOver } from './set-up.js';

/** Exports of assembly/wordpiece/encoder.ts. */
interface EncoderExports extends SetUpExports {
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

/** Whether the fast encoder supports a model: it finds added tokens anywhere, but only in the raw text. */
export function isFast(model: WordPieceModel): boolean {
  return model.addedTokens.every(
    ({ content, normalized, singleWord }) =>
      !normalized && !singleWord && content.trim() === content && !content.includes('\n') && content !== '',
  );
}

/** Sets up an encoder of a model that {@link isFast}, for other threads. */
export function prepareEncoder(model: WordPieceModel, module: WasmModule): PreparedEncoder {
  const wasm = instantiate(module);
  return { image: imageOf(wasm, setUp(wasm, model)), module };
}

/** WordPiece in WebAssembly, with caches of known words. */
export class WordPieceEncoder implements Encoder {
  readonly ignoresSpace = true;
  readonly #wasm: EncoderExports;
  readonly #shortestToken: number;

  private constructor(wasm: EncoderExports, addedTokens: number[]) {
    this.#wasm = wasm;
    this.#shortestToken = addedTokens.reduce((least, bytes) => Math.min(least, bytes), 1 << 20);
  }

  /** An encoder of a model that {@link isFast}. */
  static of(model: WordPieceModel, module: WasmModule): WordPieceEncoder {
    const wasm = instantiate(module);
    return new WordPieceEncoder(wasm, setUp(wasm, model).addedTokens);
  }

  /** An encoder that {@link prepareEncoder} has set up, perhaps in another thread. */
  static from({ image, module }: PreparedEncoder): WordPieceEncoder {
    const wasm = instantiate(module);
    takeOver(wasm, image);
    return new WordPieceEncoder(wasm, image.layout.addedTokens);
  }

  room(bytes: number): Uint8Array | undefined {
    if (bytes > MAX_TEXT_BYTES) return undefined;
    const at = this.#wasm.reserve(bytes, this.#shortestToken) >>> 0;
    return new Uint8Array(this.#wasm.memory.buffer, at, bytes);
  }

  encode(text: Uint8Array, { document }: { document: DocumentMode }): EncodedText {
    putText(text, this.room(text.length));
    const wasm = this.#wasm;
    wasm.encode(MODES[document]);
    // Addresses are unsigned: above 2 GiB they would read as negative.
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

function instantiate(module: WasmModule): EncoderExports {
  return new WebAssembly.Instance(module).exports as EncoderExports;
}
