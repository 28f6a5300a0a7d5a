import type { UnigramModel } from '../model/model.js';
import { unigramScores } from '../model/unigram.js';
import type { ComponentJson, TokenizerJson } from '../tokenizer/tokenizer-json.js';
import type { AddedToken } from '../tokenizer/types.js';
import { handOver, type NativeExports, type NativeModel } from './native.js';

/** Exports of assembly/unigram/encoder.ts for setting it up. */
interface UnigramExports extends NativeExports {
  scoreTable(): number;
  addToken(start: number, end: number, value: number): void;
}

/** A Unigram model for its WebAssembly encoder; undefined if the encoder does not know its way to split words. */
export function nativeUnigram(
  json: TokenizerJson,
  model: UnigramModel,
  addedTokens: readonly AddedToken[],
  name: string,
): NativeModel | undefined {
  const words = wordsOf(json.pre_tokenizer);
  if (words === undefined) return undefined;
  const { vocab } = model.json;
  const { scores, unknownScore } = unigramScores(vocab);
  const text = Buffer.from(vocab.map(([token]) => token).join(''));
  return {
    module: 'unigram',
    name,
    normalizer: json.normalizer ?? null,
    addedTokens,
    calls: (normalizer) => [
      ['setUp', vocab.length, model.unkId, unknownScore, text.length, ...normalizer],
      ['setUpWords', words.splitsAtWhitespace, words.scheme],
    ],
    fill(exports) {
      const wasm = exports as unknown as UnigramExports;
      new Float64Array(wasm.memory.buffer, wasm.scoreTable(), scores.length).set(scores);
      handOver(wasm, text, (at) => {
        wasm.beginTrie(at + text.length);
        let start = at;
        for (const [id, [token]] of vocab.entries()) {
          const end = start + Buffer.byteLength(token);
          if (end > start) wasm.addToken(start, end, id + 1);
          start = end;
        }
        wasm.finishTokens();
      });
    },
  };
}

const SCHEMES: Readonly<Record<string, number>> = { never: 0, always: 1, first: 2 };

/** How words are split: with SentencePiece's mark at their start, optionally after splitting at whitespace. */
function wordsOf(
  json: ComponentJson | null | undefined,
): { splitsAtWhitespace: boolean; scheme: number } | undefined {
  const steps = json?.type === 'Sequence' ? [...(json.pretokenizers as ComponentJson[])] : json ? [json] : [];
  const splitsAtWhitespace = steps[0]?.type === 'WhitespaceSplit';
  if (splitsAtWhitespace) steps.shift();
  const [metaspace] = steps;
  if (steps.length !== 1 || metaspace!.type !== 'Metaspace' || metaspace!.split === false) return undefined;
  if ((metaspace!.replacement ?? '▁') !== '▁') return undefined;
  const named = metaspace!.prepend_scheme ?? (metaspace!.add_prefix_space === false ? 'never' : 'always');
  const scheme = SCHEMES[String(named)];
  // The encoder does not distinguish the first word from the others.
  if (scheme === undefined || (splitsAtWhitespace && named === 'first')) return undefined;
  return { splitsAtWhitespace, scheme };
}
