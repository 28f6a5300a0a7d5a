/** An unknown character scores this much below the lowest token. */
const UNKNOWN_PENALTY = 10;

/**
 * Creates a function that divides a word into the Unigram pieces of the highest total score (Viterbi). Totals are summed
 * and compared in the order of Rust tokenizers, which decides between equal divisions; Hugging Face's
 * JavaScript tokenizers use another order.
 */
export function unigramEncoder(
  vocab: readonly (readonly [token: string, score: number])[],
  unkId: number,
): (word: string) => number[] {
  const ids = new Map(vocab.map(([token], id) => [token, id]));
  const { scores: tokenScores, unknownScore } = unigramScores(vocab);
  const longest = vocab.reduce((most, [token]) => Math.max(most, token.length), 1);
  return (word) => {
    const scores = new Float64Array(word.length + 1).fill(Number.NEGATIVE_INFINITY);
    const starts = new Int32Array(word.length + 1).fill(-1);
    const pieces = new Int32Array(word.length + 1);
    scores[0] = 0;
    const offer = (start: number, end: number, id: number, score: number) => {
      const total = score + scores[start]!;
      if (starts[end]! >= 0 && total <= scores[end]!) return;
      scores[end] = total;
      starts[end] = start;
      pieces[end] = id;
    };
    for (let start = 0; start < word.length; ) {
      const next = start + (word.codePointAt(start)! > 0xffff ? 2 : 1);
      let hasSingle = false;
      for (let end = next; end <= word.length && end - start <= longest; end++) {
        const id = ids.get(word.slice(start, end));
        if (id === undefined) continue;
        offer(start, end, id, tokenScores[id]!);
        hasSingle ||= end === next;
      }
      if (!hasSingle) offer(start, next, unkId, unknownScore);
      start = next;
    }
    const found: number[] = [];
    for (let end = word.length; end > 0; end = starts[end]!) {
      // Adjacent unknown characters become one unknown token.
      if (pieces[end] !== unkId || found.at(-1) !== unkId) found.push(pieces[end]!);
    }
    return found.reverse();
  };
}

/** The scores of all tokens and of an unknown character, as in Rust tokenizers. */
export function unigramScores(vocab: readonly (readonly [token: string, score: number])[]): {
  scores: Float64Array;
  unknownScore: number;
} {
  const scores = Float64Array.from(vocab, ([, score]) => asRustReads(score));
  const lowest = scores.reduce((least, score) => Math.min(least, score), Number.POSITIVE_INFINITY);
  return { scores, unknownScore: lowest - UNKNOWN_PENALTY };
}

/**
 * A decimal as Rust's JSON parser reads it: its digits as a whole number, divided by a power of ten, each step rounded.
 * The result is often the neighbouring double, which decides between equal totals.
 */
function asRustReads(score: number): number {
  const [, sign, whole, fraction] = /^(-?)(\d+)\.(\d+)$/.exec(String(score)) ?? [];
  if (whole === undefined || fraction === undefined) return score;
  const value = Number(BigInt(whole + fraction)) / 10 ** fraction.length;
  return sign === '-' ? -value : value;
}
