import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listFiles, loadTokenizer } from '@mlm/tokenize';
import { expect, test } from 'vitest';
import { describeForecast, forecast } from './forecast.js';
import { isLong } from './run.js';

test('a forecast scales the first unit to the whole input, and leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlm-forecast-'));
  const text = 'the quick brown fox jumps over the lazy dog\n'.repeat(3 * 2 ** 16);
  writeFileSync(join(folder, 'a.txt'), text);
  const files = await listFiles([folder]);
  expect([isLong(files), isLong(files, text.length), isLong(files, text.length + 1)]).toEqual([
    false,
    true,
    false,
  ]);
  const tokenizer = await loadTokenizer();
  const options = { inputs: files, output: join(folder, 'out.arrow'), tokenizer, workers: 1 };
  const result = await forecast(options, files);
  // Nine words a line, and two special tokens in a row of 128; nine bytes a token.
  const expected = 3 * 2 ** 16 * 9 * (128 / 126) * 9;
  expect(result.outputBytes / expected).toBeCloseTo(1, 1);
  expect(result.seconds).toBeGreaterThan(0);
  const half = await forecast({ ...options, share: { rank: 0, worldSize: 2 } }, files);
  expect(half.outputBytes / expected).toBeCloseTo(0.5, 1);
  expect(describeForecast({ seconds: 90, outputBytes: 2e9, freeBytes: 1e9 }, files)).toMatch(
    /^1 file, 8\.65 MB: about 1 min 30 s and 2\.00 GB of output; only 1\.00 GB are free there/,
  );
});
