import { type Dataset, openDataset } from '@mlm/arrow';
import { IGNORED_LABEL, ruleAt } from '@mlm/masking';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import type { Batch } from './batch.js';
import { type DataPlan, dynamicRule, planData } from './dataset.js';
import { loadBatches } from './loader.js';

const folder = await temporaryFolder();
const tokenizer = tokenizerOf(37);
let packed: Dataset;
let ragged: Dataset;

beforeAll(async () => {
  await writeDataset(folder.file('packed.arrow'), {
    rowsPerUnit: [7, 20, 1, 13],
    sequenceLength: 16,
    replace: 'bert',
  });
  await writeDataset(folder.file('ragged.arrow'), {
    rowsPerUnit: [40, 33, 51],
    sequenceLength: 100,
    ragged: true,
  });
  packed = await openDataset(folder.file('packed.arrow'));
  ragged = await openDataset(folder.file('ragged.arrow'));
});
afterAll(async () => {
  await packed.close();
  await ragged.close();
  await folder.remove();
});

async function collect(
  dataset: Dataset,
  plan: DataPlan,
  epoch = 0,
  first = 0,
  threads = 0,
  epochs = 1,
): Promise<Batch[]> {
  const batches: Batch[] = [];
  const options = { from: { epoch, batch: first }, epochs, threads };
  for await (const batch of loadBatches(dataset, plan, options)) batches.push(batch);
  return batches;
}

/** The real rows of batches as text, padding left out. */
function rowsOf(batches: Batch[]): string[] {
  return batches.flatMap(
    ({ batch, sequence, input_ids, attention_mask, masked_positions, masked_labels, masked }) => {
      const labels = new Int32Array(batch * sequence).fill(IGNORED_LABEL);
      for (let i = 0; i < masked; i++) labels[masked_positions[i]!] = masked_labels[i]!;
      return Array.from({ length: batch }, (_, row) => {
        const length = attention_mask
          .subarray(row * sequence, (row + 1) * sequence)
          .reduce((sum, bit) => sum + bit, 0);
        const at = [row * sequence, row * sequence + length] as const;
        return `${input_ids.subarray(...at)} | ${labels.subarray(...at)}`;
      }).filter((text) => text !== ' | ');
    },
  );
}

const originals = (rows: string[]) =>
  rows.map((row) => {
    const [ids, labels] = row.split(' | ').map((part) => part.split(',').map(Number));
    return ids!.map((id, i) => (labels![i] === IGNORED_LABEL ? id : labels![i])).join();
  });

describe.each(['packed', 'ragged'] as const)('an epoch of %s rows', (name) => {
  const dataset = () => (name === 'packed' ? packed : ragged);
  const planned = (options = {}) =>
    planData(dataset(), { batchSize: 8, tokenizer, vocabularySize: 37, shuffleSeed: 5, ...options });

  it('has every row exactly once, in the planned number of batches', async () => {
    const plan = await planned();
    const inOrder = rowsOf(
      await collect(dataset(), await planData(dataset(), { batchSize: 1, tokenizer, vocabularySize: 37 })),
    );
    const batches = await collect(dataset(), plan);
    expect(batches).toHaveLength(plan.batchesPerEpoch);
    expect(rowsOf(batches)).toHaveLength(dataset().rows);
    expect(rowsOf(batches).sort()).toEqual(inOrder.sort());
  });

  it('has a different order in each epoch and for each seed', async () => {
    const first = rowsOf(await collect(dataset(), await planned()));
    expect(rowsOf(await collect(dataset(), await planned(), 1))).not.toEqual(first);
    expect(rowsOf(await collect(dataset(), await planned({ shuffleSeed: 6 })))).not.toEqual(first);
  });

  it('is the same with any number of loader threads, and from any batch on', async () => {
    const plan = await planned();
    const batches = await collect(dataset(), plan);
    for (const threads of [1, 3]) expect(await collect(dataset(), plan, 0, 0, threads)).toEqual(batches);
    expect(await collect(dataset(), plan, 0, 3, 2)).toEqual(batches.slice(3));
    const next = await collect(dataset(), plan, 1);
    expect(await collect(dataset(), plan, 0, 3, 2, 2)).toEqual([...batches.slice(3), ...next]);
  });

  it('draws new masks in each epoch; the first has the dataset’s', async () => {
    const rule = await dynamicRule(dataset(), tokenizer, 1);
    const plan = await planned({ dynamicRule: rule });
    const still = rowsOf(await collect(dataset(), await planned()));
    const epochs = [
      rowsOf(await collect(dataset(), plan, 0)),
      rowsOf(await collect(dataset(), plan, 1)),
    ] as const;
    expect(epochs[0]).toEqual(still);
    expect(epochs[1].sort()).not.toEqual(still.sort());
    expect(originals(epochs[1]).sort()).toEqual(originals(still).sort());
  });
});

it('pads rows of different lengths to a few lengths, each to the nearest', async () => {
  const plan = await planData(ragged, { batchSize: 8, tokenizer, vocabularySize: 37 });
  expect(plan.lengths).toEqual([32, 64, 96, 100]);
  const batches = await collect(ragged, plan);
  const full = batches.slice(0, -plan.lengths.length);
  const padding = full.reduce((sum, { tokens, input_ids }) => sum + input_ids.length - tokens, 0);
  const places = full.reduce((sum, { input_ids }) => sum + input_ids.length, 0);
  expect(padding / places).toBeLessThan(0.35);
});

describe('rows that keep documents apart', () => {
  const write = async (name: string, documentStarts: number[]) => {
    const path = folder.file(`${name}.arrow`);
    await writeDataset(path, { rowsPerUnit: [5], sequenceLength: 16, documentStarts });
    return openDataset(path);
  };
  const plan = (dataset: Dataset) =>
    planData(dataset, { batchSize: 3, tokenizer, vocabularySize: 37, shuffleSeed: 1 });

  it("come with where each token's document begins, whatever thread assembles them", async () => {
    const dataset = await write('documents', [0, 5, 6]);
    const planned = await plan(dataset);
    expect(planned.documents).toBe(true);
    const row = [...Array(5).fill(0), 5, ...Array(10).fill(6)];
    const batches = await collect(dataset, planned, 0, 0, 2);
    expect(batches.map(({ document_starts }) => [...document_starts!])).toEqual([
      [...row, ...row, ...row],
      [...row, ...row, ...Array(16).fill(0)],
    ]);
    expect(await collect(dataset, planned)).toEqual(batches);
    await dataset.close();
  });

  it.each([[[3, 5]], [[0, 5, 5]], [[0, 16]], [[]]])('must begin in order: %j', async (starts) => {
    const dataset = await write(`wrong-${starts.join('-')}`, starts);
    await expect(collect(dataset, await plan(dataset))).rejects.toThrow(
      /document_starts of a row of 16 tokens/,
    );
    await dataset.close();
  });

  it('are refused if the column is lost', async () => {
    const { metadata, rows, path, batchRows } = packed;
    const lost = { ...metadata!, cut: { ...metadata!.cut, pack: 'documents' as const } };
    const dataset = { metadata: lost, rows, path, batchRows, schema: packed.schema } as unknown as Dataset;
    await expect(plan(dataset)).rejects.toThrow(/the column "document_starts", .* is missing/);
  });
});

describe('a probability that changes over training', () => {
  it.each(['packed', 'ragged'] as const)(
    'is that of the share of all rows before the batch, wherever loading begins: %s',
    async (name) => {
      const dataset = { packed, ragged }[name];
      const changes = { probability: 0.9, final_probability: 0.1, replace: 'bert' };
      const planOf = async (more: object) => {
        const rule = await dynamicRule(dataset, tokenizer, 1, more);
        const plan = await planData(dataset, {
          batchSize: 4,
          tokenizer,
          vocabularySize: 37,
          shuffleSeed: 5,
          dynamicRule: rule,
        });
        return { rule, plan: { ...plan, epochs: 2 } };
      };
      const { rule, plan } = await planOf(changes);
      for (const epoch of [0, 1]) {
        const batches = await collect(dataset, plan, epoch);
        let rows = 0;
        for (const [index, batch] of batches.entries()) {
          const { probability } = ruleAt(rule, (epoch + rows / dataset.rows) / 2).settings;
          const constant = await planOf({ ...changes, probability, final_probability: probability });
          expect(batch).toEqual((await collect(dataset, constant.plan, epoch, index))[0]);
          rows += rowsOf([batch]).length;
        }
        expect(rows).toBe(dataset.rows);
        // The same where a run is taken up again, and by threads.
        expect(await collect(dataset, plan, epoch, 3)).toEqual(batches.slice(3));
        expect(await collect(dataset, plan, epoch, 0, 2)).toEqual(batches);
      }
    },
  );
});
