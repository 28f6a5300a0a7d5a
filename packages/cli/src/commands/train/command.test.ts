import { trainDefaults } from '@mlm/train';
import { expect, test } from 'vitest';
import { processContext } from '../../context.js';
import { trainCommand } from './command.js';

test('the command line has the defaults of the library', () => {
  const { engine, device, freeze, ...options } = trainCommand(
    processContext(new AbortController().signal),
  ).opts();
  expect({ engine, device }).toEqual({ engine: 'auto', device: 'auto' });
  expect(freeze).toBe(trainDefaults.freezeLayers);
  expect(trainDefaults).toMatchObject(options);
  expect(Object.keys(options)).toContain('keep');
});
