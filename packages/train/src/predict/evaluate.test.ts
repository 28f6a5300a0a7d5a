import { InputError } from '@mlm/base/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { type EvaluationProgress, evaluate } from './evaluate.js';

const folder = await temporaryFolder();
const model = folder.file('tiny');
const dataset = folder.file('rows.arrow');
beforeAll(async () => {
  await writeTinyModel(model);
  await writeDataset(dataset, { rowsPerUnit: [22], sequenceLength: 12 });
});
afterAll(() => folder.remove());

const options = { dataset, model, batchSize: 8, threads: 1 };

it('reports its progress after every batch', async () => {
  const told: EvaluationProgress[] = [];
  const { masked } = await evaluate({ ...options, onProgress: (progress) => told.push(progress) });
  expect(masked).toBeGreaterThan(0);
  expect(told).toEqual([1, 2, 3].map((batches) => ({ batches, totalBatches: 3 })));
});

it('ends after the batch in which its signal is aborted', async () => {
  const abort = new AbortController();
  let batches = 0;
  const onProgress = () => {
    batches++;
    abort.abort();
  };
  const error = await evaluate({ ...options, signal: abort.signal, onProgress }).catch((error) => error);
  expect(error).toBe(abort.signal.reason);
  expect(batches).toBe(1);
});

it('explains what to do about rows without labels', async () => {
  const unmasked = folder.file('unmasked.arrow');
  await writeDataset(unmasked, { rowsPerUnit: [4], sequenceLength: 12, unmasked: true });
  const error = await evaluate({ ...options, dataset: unmasked }).catch((error) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(
    /unmasked\.arrow: has no column "labels", so there is nothing to score; make a masked dataset with preprocess\(\)$/,
  );
});
