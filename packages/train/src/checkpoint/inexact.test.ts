import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ENGINE_REVISION } from '@mlm/compile';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { tinyModel, writeTinyModel } from '../testing/model.fixture.js';
import { inexactNote, mayBeInexact } from './inexact.js';
import { readState, type TrainerState } from './state.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

// 32 units: 7,000 tokens in a micro-batch give 224,000 elements, 6,500 give 208,000.
const large = {
  engine: 'onnx',
  device: 'cpu',
  'micro-batch-size': 70,
  'batch-size': 700,
  'sequence-length': 100,
};
const stateOf = (recipe: object, engine_revision?: number) =>
  ({ recipe, ...(engine_revision && { engine_revision }) }) as unknown as TrainerState;

it.each([
  [stateOf(large), true],
  [stateOf(large, 1), true],
  [stateOf(large, ENGINE_REVISION), false],
  [stateOf({ ...large, 'micro-batch-size': 65 }), false],
  [stateOf({ ...large, engine: 'tensorflow' }), false],
  [stateOf({ ...large, device: 'webgpu' }), false],
  // Runs of the first versions recorded less.
  [stateOf({ engine: 'onnx', 'batch-size': 70, 'sequence-length': 100 }), true],
])('%j may have lost gradients: %s', (state, may) => {
  expect(mayBeInexact(state, tinyModel())).toBe(may);
});

const counts = {
  step: 1,
  epoch: 0,
  batch: 1,
  tokens: 1,
  elapsed_seconds: 1,
  best: null,
  evaluated_step: null,
};

it('notes that an earlier version trained the checkpoint to start from, or the best of its run', async () => {
  const run = folder.file('run');
  await writeTinyModel(run);
  expect(await inexactNote(run, tinyModel())).toBeUndefined();
  const state = { format_version: 1, ...counts, recipe: large };
  await writeFile(join(run, 'trainer_state.json'), JSON.stringify(state));
  expect(await inexactNote(run, tinyModel())).toMatch(/run: an earlier version of mlm trained it/);
  expect(await inexactNote(join(run, 'best'), tinyModel())).toMatch(/best: an earlier version/);
});

it.each(['null', '[]', '{}', '5', '"x"', '{', '{"format_version":1}', '{"format_version":1,"step":{}}'])(
  'a state of another shape is one line: %s',
  async (text) => {
    const broken = folder.file('broken');
    await writeTinyModel(broken).catch(() => {});
    await writeFile(join(broken, 'trainer_state.json'), text);
    await expect(readState(broken)).rejects.toThrow(/^\S+trainer_state.json: [^\n]+$/);
  },
);
