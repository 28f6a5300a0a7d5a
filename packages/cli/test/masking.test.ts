import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runMlm([...args, '--json'], { cwd: folder });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.toString()) as T;
}

const preprocess = (output: string, ...options: string[]) =>
  json('preprocess', 'corpus.txt', output, '--sequence-length', '64', '--workers', '1', ...options);

beforeAll(() => writeFiles(folder, { 'corpus.txt': someText(600, 1) }));

interface Split {
  rows: number;
  labels: number;
  maskable: number;
  tokens: number;
}

test('a dataset of whole words, several draws a row and a stream of its own verifies', async () => {
  const options = ['--select', 'whole-word', '--replace', '0.5,0.3,0.2', '--dupe-factor', '3'];
  await preprocess('words.arrow', ...options, '--stream-number', '2');
  const { sound, splits } = await json<{ sound: boolean; splits: { train: { tests: { name: string }[] } } }>(
    'verify',
    'words.arrow',
  );
  expect(sound).toBe(true);
  expect(splits.train.tests.map(({ name }) => name)).toContain('share of words that are masked');
  await preprocess('other.arrow', ...options, '--stream-number', '3');
  expect(readFileSync(join(folder, 'other.arrow'))).not.toEqual(readFileSync(join(folder, 'words.arrow')));

  const inspected = await json<{ made: Record<string, unknown>; splits: { train: Split } }>(
    'inspect',
    'words.arrow',
  );
  expect(inspected.made).toMatchObject({
    format_version: 2,
    masking: { select: 'whole-word', replace: [0.5, 0.3, 0.2], dupe_factor: 3, stream_number: 2 },
  });
  const { rows, labels, maskable, tokens } = inspected.splits.train;
  expect(rows % 3).toBe(0);
  expect(tokens - maskable).toBeGreaterThanOrEqual(2 * rows); // [CLS] and [SEP]
  expect(Math.abs(labels / maskable - 0.15)).toBeLessThan(0.02);
});

test('the summary of a run states the share of the tokens that can be masked, as inspect does', async () => {
  for (const options of [
    ['--eval-fraction', '0.3'],
    ['--limit', '6', '--dupe-factor', '2'],
  ]) {
    const report = await preprocess('share.arrow', '--protect', 'the', '--overwrite', ...options);
    const { splits } = await json<{ splits: Record<string, Split> }>('inspect', 'share.arrow');
    const sum = (name: 'labels' | 'maskable') =>
      Object.values(splits).reduce((total, split) => total + split[name], 0);
    expect(report).toMatchObject({
      maskable: sum('maskable'),
      selected: sum('labels'),
      masked_share: sum('labels') / sum('maskable'),
    });
  }
  const args = ['preprocess', 'corpus.txt', 'share.arrow', '--overwrite', '--sequence-length', '64'];
  const { stdout } = await runMlm(args, { cwd: folder });
  const [, percent] =
    /tokens masked \(([\d.]+) % of those that can be masked\)/.exec(stdout.toString()) ?? [];
  expect(Math.abs(Number(percent) - 15)).toBeLessThan(1);
});

test('protected tokens are never masked; a limit counts the rows that are written', async () => {
  const protect = ['the', '##s'].flatMap((token) => ['--protect', token]);
  const report = await preprocess(
    'kept.arrow',
    '--mask-probability',
    '1',
    ...protect,
    '--limit',
    '6',
    '--dupe-factor',
    '2',
  );
  expect(report).toMatchObject({ rows: 6 });
  const { stdout } = await runMlm(['inspect', 'kept.arrow', '--rows', '6'], { cwd: folder });
  expect(stdout.toString()).not.toMatch(/\[MASK:(the|##s)\]/);
  const { code, stderr } = await runMlm(
    ['preprocess', 'corpus.txt', 'no.arrow', '--limit', '7', '--dupe-factor', '2'],
    { cwd: folder },
  );
  expect({ code, stderr }).toMatchObject({ code: 1 });
  expect(stderr).toContain('--limit is 7, expected a multiple of 2');
});

test('a page shows the masks', async () => {
  await preprocess('page.arrow', '--replace', 'bert');
  await json('inspect', 'page.arrow', '--html', 'masks.html', '--rows', '4');
  const html = readFileSync(join(folder, 'masks.html'), 'utf8');
  expect(html.match(/<li dir="auto" value=/g)).toHaveLength(4);
  expect(html).toContain('<mark dir="auto" class="mask"');
});
