import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listColumn, openDataset } from '@mlm/arrow';
import { expect, test } from 'vitest';
import { runMlm, temporaryFolder } from './run-mlm.js';

// Made by the first version of the masking rule. That they come out the same again, and verify, is a promise to all who
// have datasets: nothing here is ever made anew.
const frozen = fileURLToPath(new URL('../fixtures/frozen/', import.meta.url));
const folder = temporaryFolder();

async function contents(path: string) {
  const dataset = await openDataset(path);
  try {
    const splits = [];
    for (const split of [dataset, dataset.validation]) {
      if (!split) continue;
      const columns: unknown[] = [];
      for await (const batch of split) {
        for (const name of ['input_ids', 'labels', 'attention_mask']) {
          const { values, offsets } = listColumn(batch, name);
          columns.push([name, [...values], [...offsets]]);
        }
      }
      splits.push({ columns, metadata: { ...split.metadata, generator: '' } });
    }
    return splits;
  } finally {
    await dataset.close();
  }
}

test.each([
  ['mask', ['--eval-fraction', '0.3']],
  ['bert', ['--replace', 'bert', '--seed', `${2 ** 53 - 1}`, '--mask-probability', '0.4', '--line-by-line']],
  ['all', ['--labels', 'all', '--seed', '7']],
])('the frozen dataset %s is made again as it was, and verifies', async (name, options) => {
  const output = join(folder, `${name}.arrow`);
  const made = await runMlm([
    'preprocess',
    join(frozen, 'corpus'),
    output,
    '--tokenizer',
    join(frozen, 'vocab.txt'),
    '--sequence-length',
    '16',
    ...options,
  ]);
  expect(made).toMatchObject({ code: 0 });
  expect(await contents(output)).toEqual(await contents(join(frozen, `${name}.arrow`)));
  expect(await runMlm(['verify', join(frozen, `${name}.arrow`)])).toMatchObject({ code: 0 });
});
