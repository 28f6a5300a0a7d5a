import { PairQueue } from './pair-queue.js';
import { PairTable } from './pair-table.js';
import type { SymbolWords } from './symbol-words.js';

/** Prefix of every piece of a word but the first. */
export const CONTINUING_PREFIX = '##';

export interface LearnOptions {
  /** Number of pieces to reach, including those given. */
  size: number;
  /** A pair of pieces is merged only if it occurs this often. */
  minFrequency: number;
  /** Aborts with an AbortError; the event loop runs now and then, so that an interrupt is noticed. */
  signal?: AbortSignal | undefined;
}

/** How long the event loop is blocked at a time. */
const turnMilliseconds = 50;

/**
 * Adds pieces by repeatedly merging the most frequent pair of neighbours (byte-pair encoding: Sennrich et al., 2016),
 * as Rust tokenizers' WordPieceTrainer does. Changes the words.
 * @param pieces the piece of each symbol in the words; merged pieces are appended
 */
export async function learnPieces(
  pieces: string[],
  words: SymbolWords,
  { size, minFrequency, signal }: LearnOptions,
): Promise<void> {
  const symbols = new Map(pieces.map((piece, symbol) => [piece, symbol]));
  const { pairs, queue } = countPairs(words);
  let turn = performance.now();
  while (pieces.length < size) {
    if (performance.now() - turn > turnMilliseconds) {
      await new Promise((turnOfOthers) => setTimeout(turnOfOthers));
      signal?.throwIfAborted();
      turn = performance.now();
    }
    const pair = queue.pop();
    if (pair === undefined || pairs.counts[pair]! < minFrequency) break;
    const left = pairs.left[pair]!;
    const right = pairs.right[pair]!;
    const piece = pieces[left]! + pieces[right]!.slice(CONTINUING_PREFIX.length);
    // Different merges may give the same piece.
    let merged = symbols.get(piece);
    if (merged === undefined) {
      merged = pieces.push(piece) - 1;
      symbols.set(piece, merged);
    }
    const grown = new Set<number>();
    for (const word of pairs.takeWords(pair)) mergeInWord(words, word, left, right, merged, pairs, grown);
    pairs.counts[pair] = 0;
    for (const changed of grown) queue.push(changed);
  }
}

function countPairs(words: SymbolWords): { pairs: PairTable; queue: PairQueue } {
  const pairs = new PairTable();
  for (let word = 0; word < words.counts.length; word++) {
    const end = words.starts[word]! + words.lengths[word]!;
    for (let i = words.starts[word]! + 1; i < end; i++) {
      const pair = pairs.indexOf(words.symbols[i - 1]!, words.symbols[i]!);
      pairs.counts[pair]! += words.counts[word]!;
      pairs.addWord(pair, word);
    }
  }
  const queue = new PairQueue(pairs);
  for (let pair = 0; pair < pairs.size; pair++) queue.push(pair);
  return { pairs, queue };
}

/** Merges all occurrences of a pair in a word, from the left; `grown` collects the pairs that now occur more often. */
function mergeInWord(
  { symbols, starts, lengths, counts }: SymbolWords,
  word: number,
  left: number,
  right: number,
  merged: number,
  pairs: PairTable,
  grown: Set<number>,
): void {
  const start = starts[word]!;
  const end = start + lengths[word]!;
  const count = counts[word]!;
  let to = start;
  for (let from = start; from < end; from++, to++) {
    if (symbols[from] !== left || from + 1 === end || symbols[from + 1] !== right) {
      symbols[to] = symbols[from]!;
      continue;
    }
    if (to > start) replacePair(symbols[to - 1]!, left, symbols[to - 1]!, merged);
    from++;
    if (from + 1 < end) replacePair(right, symbols[from + 1]!, merged, symbols[from + 1]!);
    symbols[to] = merged;
  }
  lengths[word] = to - start;

  function replacePair(oldLeft: number, oldRight: number, newLeft: number, newRight: number): void {
    pairs.counts[pairs.indexOf(oldLeft, oldRight)]! -= count;
    const pair = pairs.indexOf(newLeft, newRight);
    pairs.counts[pair]! += count;
    pairs.addWord(pair, word);
    grown.add(pair);
  }
}
