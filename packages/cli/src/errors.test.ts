import { InputError } from '@mlm/base/errors';
import { expect, test } from 'vitest';
import { interruptedOutcome } from './errors.js';

test('after Ctrl-C, only what a user must know of is told: that something could not be saved', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), {
    code: 'ENOSPC',
    path: 'run/model.safetensors',
  });
  const told = 'run/model.safetensors: no space is left on the disk; free some or choose another place';
  expect(interruptedOutcome(full, 130)).toEqual({ exitCode: 130, message: told });
  expect(interruptedOutcome(new AggregateError([full, new Error('aborted')]), 143)).toEqual({
    exitCode: 143,
    message: told,
  });
  expect(interruptedOutcome(new InputError('run/: cannot be written'), 130)).toEqual({
    exitCode: 130,
    message: 'run/: cannot be written',
  });
  const aborted = new DOMException('The run was interrupted.', 'AbortError');
  for (const effect of [aborted, new Error('write after end'), undefined])
    expect(interruptedOutcome(effect, 130)).toEqual({ exitCode: 130 });
});
