import { defaultsOf } from '@mlm/base/options';
import { trainOptions } from '@mlm/train/options';
import { expect, test } from 'vitest';
import type { TrainCommandSettings } from './command.js';
import type { TrainResult } from './follow.js';
import { describe, headline, repeatingCommand } from './run.js';

const result: TrainResult = {
  output: 'out',
  reason: 'finished',
  step: 6,
  total_steps: 50,
  loss: 1.5,
  tokens: 1234,
  tokens_per_second: 100,
  elapsed_seconds: 12.4,
  evaluations: [],
};

test.each<[Partial<TrainResult>, string[]]>([
  [{}, []],
  [{ reason: 'stopped early' }, ['Stopped early at step 6 of 50: no better validation loss.']],
  [{ reason: 'aborted' }, ['Stopped after step 6 of 50; continue with the same command and --resume.']],
  [
    { reason: 'aborted', step: 0, loss: null },
    ['Stopped before the first step; continue with the same command and --resume.'],
  ],
  [{ step: 50, loss: null }, ['Already finished, at step 50 of 50: nothing was left to do.']],
])('says how a run ended: %j', (how, lines) => {
  expect(headline({ ...result, ...how })).toEqual(lines);
});

test('counts what there is', () => {
  expect(describe(result)[0]).toBe('6 steps, 1.23 K tokens in 12 s (100 tokens/s)');
  expect(describe({ ...result, step: 1, tokens_per_second: 0 })[0]).toBe('1 step, 1.23 K tokens in 12 s');
  expect(describe({ ...result, programs: 3 })).toContain('3 programs compiled by XLA or cached');
});

test('the command of a run that goes on has all that it began with, and starts anew', () => {
  const asked = { dataset: 'my data', resume: true, model: 'bert-tiny', maxSteps: 90, evalAtStart: true };
  const options = { ...defaultsOf(trainOptions), ...asked } as unknown as TrainCommandSettings;
  expect(repeatingCommand(options)).toBe(
    "mlm train 'my data' --model bert-tiny --max-steps 90 --eval-at-start",
  );
});
