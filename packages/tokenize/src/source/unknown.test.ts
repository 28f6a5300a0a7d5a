import { expect, test } from 'vitest';
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
