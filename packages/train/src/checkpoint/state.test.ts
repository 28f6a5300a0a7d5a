import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterAll, expect, it } from 'vitest';
import { readRun } from '../report/run.js';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { tinyModel } from '../testing/model.fixture.js';
import { writeSafetensors } from './safetensors.js';
import { momentsFile, readMoments, readState, stateFile } from './state.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

const whole = {
  format_version: 1,
  step: 3,
  epoch: 0,
  batch: 3,
  tokens: 99,
  elapsed_seconds: 1.5,
  best: { step: 2, loss: 3.5 },
  evaluated_step: 2,
  evaluations_without_improvement: 0,
  recipe: { seed: 1, 'masking-rule': '{"probability":0.15}' },
};

async function put(name: string, state: object): Promise<string> {
  const run = folder.file(name);
  await mkdir(run, { recursive: true });
  await writeFile(join(run, stateFile), JSON.stringify(state));
  return run;
}

it('a state is read as it was written, by earlier versions and after a loss that is no number, too', async () => {
  expect(await readState(await put('whole', whole))).toMatchObject({ step: 3, best: { step: 2, loss: 3.5 } });
  const diverged = { ...whole, best: { step: 2, loss: Number.NaN } };
  expect(await readState(await put('diverged', diverged))).toMatchObject({ best: { step: 2, loss: null } });
  const { best, evaluated_step, evaluations_without_improvement, ...early } = whole;
  expect(await readState(await put('early', early))).toMatchObject({ best: null, evaluated_step: 3 });
});

it.each([
  ['step', 1.5],
  ['batch', 1e308],
  ['tokens', '9'],
  ['elapsed_seconds', null],
  ['best', 5],
  ['best', { step: 'x', loss: 1 }],
  ['evaluated_step', {}],
  ['evaluations_without_improvement', -1],
  ['recipe', []],
  ['recipe', { seed: [1] }],
  ['settings', 'x'],
])('a state whose %s is %j is refused in one line', async (name, value) => {
  const run = await put('damaged', { ...whole, [name]: value });
  await expect(readState(run)).rejects.toThrow(new RegExp(`${stateFile}: ${name} is .*, expected `));
});

it('a run whose recipe names no masking rule is described all the same', async () => {
  const run = await put('rule', { ...whole, recipe: { 'masking-rule': 'torn{' } });
  await writeFile(join(run, 'metrics.jsonl'), '{"step":1,"loss":2}\n');
  expect((await readRun(run)).facts['masking rule']).toBe('torn{');
});

it('moments that do not fit the model are refused, since a resumed run would begin them anew', async () => {
  const model = tinyModel({ num_hidden_layers: 1 });
  const { name, shape } = model.parameters[0]!;
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const moment = (prefix: string, of = values, parameter = name) =>
    [`${prefix}.${parameter}`, { shape: [of.length], values: of }] as const;
  const both = [moment('exp_avg'), moment('exp_avg_sq')];
  const run = await put('moments', whole);
  const read = async (...tensors: ReturnType<typeof moment>[]) => {
    await writeSafetensors(join(run, momentsFile), tensors);
    return readMoments(run, model);
  };
  expect([...(await read(...both)).keys()]).toEqual(both.map(([each]) => each));
  for (const tensors of [
    [],
    [both[0]!],
    [both[0]!, moment('exp_avg_sq', values.subarray(1))],
    [...both, moment('exp_avg', values, 'nothing')],
  ])
    await expect(read(...tensors)).rejects.toThrow(InputError);
});
