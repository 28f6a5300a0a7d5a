import { openDataset } from '@mlm/arrow';
import { type MaskingSettings, ruleAt } from '@mlm/masking';
import { dynamicSettings } from '@mlm/masking/options';
import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder, writeDataset } from '../testing/dataset.fixture.js';
import { dynamicRule } from './dataset.js';
import { readRows } from './rows.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

const settings: Partial<MaskingSettings>[] = [
  {},
  { replace: 'bert', labels: 'all' },
  { replace: [0.4, 0.4, 0.2], min_masks: 2, max_masks: 3 },
  { select: 'whole-word', replace: 'bert', exact_count: true },
  { select: 'ngram', probability: 0.4, dupe_factor: 3 },
  { select: 'span', replace: 'bert', probability: 0.5, stream_number: 7 },
];

async function rowsOf(path: string, epoch?: number, changes: Partial<MaskingSettings> = {}) {
  const dataset = await openDataset(path);
  try {
    const rule = await dynamicRule(dataset, dataset.metadata!.tokenizer, 1, changes);
    const rows: unknown[] = [];
    let first = 0;
    for (const [batch, count] of dataset.batchRows.entries()) {
      const read = await readRows(
        dataset,
        batch,
        first,
        epoch === undefined ? {} : { remask: { rule, epoch } },
      );
      for (const { input_ids, labels, start, length } of read) {
        rows.push([[...input_ids.slice(start, start + length)], [...labels.slice(start, start + length)]]);
      }
      first += count;
    }
    return rows;
  } finally {
    await dataset.close();
  }
}

describe('dynamic masking', () => {
  it.each(settings)('gives the static masks in epoch 0, and others after that: %o', async (masking) => {
    const path = folder.file(`${JSON.stringify(masking).replaceAll(/\W/g, '-')}.arrow`);
    await writeDataset(path, { rowsPerUnit: [9, 3, 0, 6], sequenceLength: 24, masking });
    const stored = await rowsOf(path);
    expect(await rowsOf(path, 0)).toEqual(stored);
    expect(await rowsOf(path, 1)).not.toEqual(stored);
  });

  it.each(['token', 'whole-word', 'ngram', 'span'])(
    'gives the static masks over record batches and units of any size: %s',
    async (select) => {
      for (const replace of ['mask', 'bert']) {
        const path = folder.file(`large-${select}-${replace}.arrow`);
        // Ragged rows, and more tokens in a unit than are drawn for at a time.
        const masking = { select, replace, probability: 0.3 };
        await writeDataset(path, {
          rowsPerUnit: [3000, 0, 41, 500],
          sequenceLength: 24,
          ragged: true,
          masking,
        });
        expect(await rowsOf(path, 0)).toEqual(await rowsOf(path));
      }
    },
  );

  it('masks by changed settings as if the dataset had been made with them', async () => {
    const [plain, words] = [folder.file('plain.arrow'), folder.file('words.arrow')];
    const changes = { select: 'whole-word', replace: 'bert', probability: 0.3 };
    await writeDataset(plain, { rowsPerUnit: [8], sequenceLength: 24 });
    await writeDataset(words, { rowsPerUnit: [8], sequenceLength: 24, masking: changes });
    expect(await rowsOf(plain, 0, changes)).toEqual(await rowsOf(words));
  });

  it('changes the probability along a line over training', async () => {
    const path = folder.file('range.arrow');
    await writeDataset(path, { rowsPerUnit: [4], sequenceLength: 24 });
    const dataset = await openDataset(path);
    const changes = dynamicSettings({ maskProbability: '0.3:0.1' });
    const rule = await dynamicRule(dataset, dataset.metadata!.tokenizer, 1, changes);
    await dataset.close();
    const at = (progress: number) => ruleAt(rule, progress).settings.probability;
    expect([at(0), at(0.5), at(1), at(2)].map((p) => p.toFixed(6))).toEqual([
      '0.300000',
      '0.200000',
      '0.100000',
      '0.100000',
    ]);
  });
});
