import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { evaluate } from '../predict/evaluate.js';
import { temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import type { EndEvent, TrainEvent } from './events.js';
import type { TrainOptions } from './options.js';
import { train } from './train.js';

const folder = await temporaryFolder();
const dataset = folder.file('rows.arrow');
const model = folder.file('tiny');

beforeAll(async () => {
  await writeDataset(dataset, { rowsPerUnit: [100], sequenceLength: 16, validationRows: 64 });
  await writeTinyModel(model);
});
afterAll(() => folder.remove());

/** Trains and gathers what happens; `onEvent` sees it as it happens. */
async function run(
  options: Partial<TrainOptions>,
  onEvent: (event: TrainEvent) => unknown = () => {},
): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of train({ dataset, model, threads: 1, batchSize: 8, ...options })) {
    events.push(event);
    await onEvent(event);
  }
  return events;
}

const typesOf = (events: TrainEvent[]) => events.map(({ type }) => type);

async function metrics(output: string): Promise<unknown[]> {
  const lines = (await readFile(join(output, 'metrics.jsonl'), 'utf8')).trim().split('\n');
  return lines.map((line) => {
    const { tokens_per_second: _, elapsed_seconds: __, wall_time: ___, ...repeatable } = JSON.parse(line);
    return repeatable;
  });
}

async function timesOf(output: string): Promise<Record<string, number>> {
  const times: Record<string, number> = {};
  for (const name of await readdir(output)) times[name] = (await stat(join(output, name))).mtimeMs;
  return times;
}

it('ends with a usable checkpoint when aborted', async () => {
  const controller = new AbortController();
  const output = folder.file('aborted');
  const events = await run({ output, signal: controller.signal }, (event) => {
    if (event.type === 'step' && event.step === 3) controller.abort();
  });
  expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'aborted', step: 3 });
  expect((await readCheckpoint(output)).model.limits.hidden).toBe(32);
});

it.each(['at the start', 'between', 'at the end'])(
  'an abort ends an evaluation %s, which a resumed run makes up for',
  async (when) => {
    const options = { maxSteps: 6, evalEvery: 3, evalAtStart: true };
    const unbroken = folder.file('unbroken');
    if (!(await readdir(folder.path)).includes('unbroken')) await run({ ...options, output: unbroken });

    const output = folder.file(`broken ${when}`);
    const controller = new AbortController();
    const abortAt = { 'at the start': 0, between: 3, 'at the end': 6 }[when]!;
    const events = await run({ ...options, output, signal: controller.signal }, (event) => {
      if (event.type === 'start' ? abortAt === 0 : event.type === 'step' && event.step === abortAt)
        controller.abort();
    });
    expect(events.at(-1)).toMatchObject({ type: 'end', reason: 'aborted', step: abortAt });
    const evaluated = (found: TrainEvent[]) =>
      found.flatMap((event) => (event.type === 'evaluation' ? [event.step] : []));
    expect(evaluated(events)).toEqual([0, 3, 6].filter((step) => step < abortAt));

    const resumed = await run({ ...options, output, resume: true });
    expect(evaluated(resumed)).toEqual([0, 3, 6].filter((step) => step >= abortAt));
    expect(resumed.at(-1)).toMatchObject({ reason: 'finished', step: 6 });
    expect(await metrics(output)).toEqual(await metrics(unbroken));
  },
);

it('an abort also ends an evaluation', async () => {
  const signal = AbortSignal.abort();
  await expect(evaluate({ dataset, model, signal })).rejects.toThrow(signal.reason);
});

it.each<[EndEvent['reason'], Partial<TrainOptions>, number]>([
  ['finished', { maxSteps: 4 }, 4],
  ['stopped early', { maxSteps: 20, learningRate: 0, evalEvery: 1, patience: 2 }, 3],
])('a run that has %s is not touched when it is resumed', async (reason, options, step) => {
  const output = folder.file(reason);
  const ended = await run({ ...options, output });
  expect(ended.at(-1)).toMatchObject({ type: 'end', reason, step });
  const before = await timesOf(output);
  const resumed = await run({ ...options, output, resume: true });
  expect(typesOf(resumed)).toEqual(['start', 'end']);
  expect(resumed.at(-1)).toEqual(ended.at(-1));
  expect((resumed.at(-1) as EndEvent).tokens).toBeGreaterThan(0);
  expect(await timesOf(output)).toEqual(before);
});

it('a run killed while its last save moved into place is finished by resuming it', async () => {
  const output = folder.file('moved');
  await run({ output, maxSteps: 4, saveEvery: 4 });
  await rename(join(output, 'trainer_state.json'), folder.file('state'));
  const resumed = await run({ output, maxSteps: 4, saveEvery: 4, resume: true });
  expect(typesOf(resumed)).toEqual(['start', 'checkpoint', 'end']);
  expect(await readdir(output)).toContain('trainer_state.json');
});

it('a run resumes without the model it began from', async () => {
  const start = folder.file('start');
  await writeTinyModel(start);
  const output = folder.file('without-start');
  const controller = new AbortController();
  await run({ output, model: start, maxSteps: 4, signal: controller.signal }, ({ type }) => {
    if (type === 'step') controller.abort();
  });
  await rename(start, folder.file('gone'));
  const resumed = await run({ output, model: start, maxSteps: 4, resume: true });
  expect(resumed.at(-1)).toMatchObject({ reason: 'finished', step: 4 });
});

it('says how to train beyond a run’s planned end', async () => {
  const output = folder.file('further');
  await run({ output, maxSteps: 2 });
  const error: unknown = await run({ output, maxSteps: 4, resume: true }).catch((error) => error);
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).message).toMatch(
    /further: cannot be resumed with total-steps 4, the run began with 2; .* model: \S+further output: <folder>$/,
  );
});

it('leaves the output as it was if the data turns out to be unusable', async () => {
  const unmasked = folder.file('unmasked.arrow');
  await writeDataset(unmasked, { rowsPerUnit: [8], sequenceLength: 16, unmasked: true });
  const foreign = folder.file('foreign-ids.arrow');
  await writeDataset(foreign, { rowsPerUnit: [8], sequenceLength: 50, vocabularySize: 60 });
  const tokenizer = tokenizerOf(37);
  const output = folder.file('kept');
  for (const options of [{ dataset: unmasked }, { dataset: foreign, tokenizer }]) {
    await expect(run({ ...options, output: folder.file('stub') })).rejects.toThrow(InputError);
    expect(await readdir(folder.path)).not.toContain('stub');
  }
  await run({ output, maxSteps: 1 });
  await writeFile(join(output, 'mine.txt'), 'mine');
  const before = await timesOf(output);
  for (const options of [{ dataset: unmasked }, { dataset: foreign, tokenizer }]) {
    await expect(run({ ...options, output, overwrite: true })).rejects.toThrow(InputError);
    expect(await timesOf(output)).toEqual(before);
  }
});

it('two runs cannot share an output', async () => {
  const output = folder.file('alone');
  await run({ output, maxSteps: 2 }, async ({ type }) => {
    if (type !== 'start') return;
    for (const options of [{ resume: true }, { overwrite: true }])
      await expect(run({ ...options, output, maxSteps: 2 })).rejects.toThrow(/alone: .*process/);
  });
  expect(await readdir(folder.path)).not.toContain('alone.lock');
  await run({ output, maxSteps: 2, overwrite: true });
});

it('a run that an earlier version may have made inexact resumes only with acceptInexact', async () => {
  const output = folder.file('inexact');
  // 411 rows of 16 tokens of 32 units: just as many elements as lost some.
  const options = { output, batchSize: 411, maxSteps: 1 };
  await run(options);
  const path = join(output, 'trainer_state.json');
  const { engine_revision: _, ...state } = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify(state));
  await expect(run({ ...options, resume: true })).rejects.toThrow(
    /inexact: an earlier version began this run, .* go on with acceptInexact/,
  );
  const resumed = await run({ ...options, resume: true, acceptInexact: true });
  expect(resumed.at(-1)).toMatchObject({ reason: 'finished', step: 1 });
  const [start] = await run({ ...options, model: output, output: folder.file('from-inexact') });
  expect(start).toMatchObject({
    warnings: [[expect.stringMatching(/inexact: an earlier version of mlm trained/)]],
  });
});
