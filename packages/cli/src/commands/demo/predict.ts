import { listColumn, openDataset } from '@mlm/arrow';
import { unmask } from '@mlm/masking';
import type { Tokenizer } from '@mlm/tokenize';
import { type EngineOptions, MaskFiller } from '@mlm/train';

/** A validation row with one word masked, and the model's guesses for it. */
export interface WordPrediction {
  text: string;
  answer: string;
  predictions: { token: string; probability: number }[];
  isRight: boolean;
}

/**
 * Asks a model for one word in each of a few validation rows, taken at even distances so that they are not hand-picked.
 */
export async function predictWords(
  dataset: string,
  checkpoint: string,
  tokenizer: Tokenizer,
  count: number,
  engine: Partial<EngineOptions>,
): Promise<WordPrediction[]> {
  const filler = await MaskFiller.open(checkpoint, engine);
  const predictions: WordPrediction[] = [];
  try {
    for (const ids of await spreadRows(dataset, count)) {
      const position = wordToMask(ids, tokenizer);
      if (position === undefined) continue;
      const masked = ids.map((id, i) => (i === position ? tokenizer.specialIds.mask : id));
      const [candidates = []] = await filler.fill(masked, tokenizer.specialIds.mask, 5, tokenizer.hasToken);
      const found = candidates.map(({ id, probability }) => ({
        token: tokenizer.idToToken(id),
        probability,
      }));
      const answer = tokenizer.idToToken(ids[position]!);
      predictions.push({
        text: readable(masked, tokenizer),
        answer,
        predictions: found,
        isRight: found[0]?.token === answer,
      });
    }
  } finally {
    await filler.dispose();
  }
  return predictions;
}

/** Unmasked rows at even distances. */
async function spreadRows(path: string, count: number): Promise<number[][]> {
  const dataset = await openDataset(path);
  const rows: number[][] = [];
  try {
    const distance = Math.max(1, Math.floor(dataset.rows / count));
    let first = 0;
    for await (const batch of dataset) {
      const ids = listColumn(unmask(batch), 'input_ids');
      for (let row = 0; row < batch.numRows; row++) {
        if ((first + row) % distance !== Math.floor(distance / 2)) continue;
        rows.push(Array.from(ids.values.subarray(ids.offsets[row], ids.offsets[row + 1])));
      }
      first += batch.numRows;
    }
  } finally {
    await dataset.close();
  }
  return rows.slice(0, count);
}

/** The whole word nearest to the row's middle, since the edges give the model little context. */
function wordToMask(ids: readonly number[], tokenizer: Tokenizer): number | undefined {
  const isWord = (position: number) =>
    /^\p{Letter}{3,}$/u.test(tokenizer.idToToken(ids[position]!)) &&
    !tokenizer.idToToken(ids[position + 1] ?? ids[0]!).startsWith('##');
  const middle = ids.length / 2;
  return [...ids.keys()]
    .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))
    .find((position) => position > 1 && position < ids.length - 2 && isWord(position));
}

function readable(ids: readonly number[], tokenizer: Tokenizer): string {
  const { cls, sep, pad } = tokenizer.specialIds;
  return tokenizer.decode(ids.filter((id) => id !== cls && id !== sep && id !== pad));
}
