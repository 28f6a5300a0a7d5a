import { settingsOf } from '@mlm/base/options';
import { expect, test } from 'vitest';
import * as tables from '../options.js';
import { tokenize } from '../stream/tokenize.js';
import { listFiles } from './list.js';
import { textFiles } from './text-files.js';

test('each step refuses an option that no step knows, and passes over those of the others', async () => {
  expect(() => tokenize({ sequenceLenght: 16 } as never)).toThrow(
    'unknown option sequenceLenght; did you mean sequenceLength?',
  );
  expect(() => textFiles([], { textFeild: 'a' } as never)).toThrow(
    'unknown option textFeild; did you mean textField?',
  );
  await expect(listFiles([import.meta.filename], { format: 'text' } as never)).rejects.toThrow(
    /^unknown option format; /,
  );
  const { files } = await listFiles([import.meta.filename], {
    inputFormat: 'text',
    sequenceLength: 16,
  } as never);
  expect(files).toHaveLength(1);
});

test('an option that does nothing alone names the one that it requires, which stands in the same table', () => {
  const all = Object.values(tables).filter((table) => Object.values(table).some((entry) => entry?.kind));
  const idle = all.flatMap((table) =>
    Object.entries(table).flatMap(([name, { requires }]) => {
      if (requires === undefined) return [];
      for (const needed of [requires].flat())
        expect(Object.keys(table)).toContain(typeof needed === 'string' ? needed : needed.option);
      return [name];
    }),
  );
  expect(idle).toContain('dedupMemory');
  expect(() => settingsOf(tables.preprocessOptions, { dedupMemory: 1e8 })).toThrow(
    'dedupMemory does nothing without dedup; give both or neither',
  );
});
