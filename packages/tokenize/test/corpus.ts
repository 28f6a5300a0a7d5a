import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, listColumn, openDataset } from '@mlm/arrow';
import { loadTokenizer } from '../src/tokenizer/load.js';

/** A tokenizer of the letters a, b and c. */
export function letters() {
  return loadTokenizer(fileURLToPath(new URL('./vocab.txt', import.meta.url)));
}

/** Words in wide spaces: many bytes and few tokens, so that a test crosses several work units in little time. */
export function wideText(documents: number, seed: number): string {
  let state = seed;
  const next = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % below;
  };
  const lines: string[] = [];
  for (let document = 0; document < documents; document++) {
    const words = Array.from({ length: 1 + next(9) }, () => 'abc'.slice(next(3)) + 'cab'.slice(next(3)));
    lines.push(words.join(' '.repeat(2000 + next(2000))), next(3) === 0 ? '' : '\n');
  }
  return lines.join('\n');
}

/** A folder with files below, at and above the size of a unit. */
export async function wideCorpus(folder: string): Promise<void> {
  await mkdir(join(folder, 'deep', 'er'), { recursive: true });
  await writeFile(join(folder, 'b.txt'), wideText(700, 1));
  await writeFile(join(folder, 'deep', 'a.txt'), wideText(20, 2));
  await writeFile(join(folder, 'deep', 'er', 'c.txt'), wideText(30, 3));
  await writeFile(join(folder, 'empty.txt'), '');
  await writeFile(join(folder, 'z.txt'), wideText(400, 4));
  await writeFile(join(folder, 'notes.pdf'), 'not text');
}

/** The rows of a dataset's column. */
export async function rowsIn(dataset: Dataset, column = 'input_ids'): Promise<number[][]> {
  const rows: number[][] = [];
  for await (const batch of dataset) {
    const { values, offsets } = listColumn(batch, column);
    for (let row = 0; row < batch.numRows; row++)
      rows.push([...values.subarray(offsets[row], offsets[row + 1])]);
  }
  return rows;
}

/** The rows of the dataset at a path, as the text that they stand for. */
export async function textsIn(path: string): Promise<string[]> {
  const tokenizer = await letters();
  const dataset = await openDataset(path);
  try {
    return (await rowsIn(dataset)).map((row) => row.map((id) => tokenizer.idToToken(id)).join(' '));
  } finally {
    await dataset.close();
  }
}
