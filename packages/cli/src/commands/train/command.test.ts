import { trainDefaults } from '@mlm/train';
import { expect, test } from 'vitest';
import { processContext } from '../../context.js';
import { runnable } from '../../options/command.js';
import { train } from './command.js';

test('the command line has the defaults of the library', () => {
  const command = runnable(train, () => Promise.reject(new Error('is not run')));
  const {
    engine,
    device,
    freeze,
    earlyStop,
    progress: _,
    ...options
  } = command(processContext(new AbortController().signal)).opts();
  expect({ engine, device }).toEqual({ engine: 'auto', device: 'auto' });
  expect(freeze).toBe(trainDefaults.freezeLayers);
  expect(earlyStop).toBe(trainDefaults.patience);
  expect(trainDefaults).toMatchObject(options);
  expect(Object.keys(options)).toContain('keep');
});
