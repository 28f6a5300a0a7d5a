import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, runShell, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const preprocess = ['--sequence-length', '32', '--workers', '1'];

/** Runs mlm in the folder, expects it to succeed, and reads its JSON. */
async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runMlm([...args, '--json'], { cwd: folder });
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.toString()) as T;
}

beforeAll(async () => {
  writeFiles(folder, { 'corpus/a.txt': someText(120, 1), 'corpus/b/c.txt': someText(120, 2) });
  await json('preprocess', 'corpus', 'out.arrow', '--eval-fraction', '0.2', ...preprocess);
  await json('train', 'out.arrow', '--model', 'bert-tiny', '--max-steps', '3', '--batch-size', '8');
});

test('preprocess reports what it wrote, verify agrees and inspect shows it', async () => {
  const report = await json('preprocess', 'corpus', 'again.arrow', '--eval-fraction', '0.2', ...preprocess);
  expect(report).toMatchObject({ output: 'again.arrow', documents: 240, files: 2, invalid_utf8: 0 });
  expect(readFileSync(join(folder, 'again.arrow'))).toEqual(readFileSync(join(folder, 'out.arrow')));

  const verified = await json<{ splits: Record<string, { rows: number }> }>('verify', 'out.arrow');
  expect(verified).toMatchObject({ sound: true, splits: { train: { checked: 'rule' }, validation: {} } });
  const rows = verified.splits.train!.rows + verified.splits.validation!.rows;
  expect(report).toMatchObject({ rows });

  const inspected = await json<{ examples: { text: string }[] }>('inspect', 'out.arrow', '--rows', '2');
  expect(inspected).toMatchObject({
    columns: [{ name: 'input_ids' }, { name: 'labels' }, { name: 'attention_mask' }],
    made: { sequence_length: 32, masking: { probability: 0.15, seed: 42 } },
    splits: { train: { rows: verified.splits.train!.rows, replaced: 0 } },
  });
  expect(inspected.examples).toHaveLength(2);
  expect(inspected.examples[0]!.text).toMatch(/^\[CLS\] .*\[MASK:\w+\].*\[SEP\]$/);
});

test('a trained checkpoint evaluates, fills and exports', async () => {
  const evaluated = await json<{ loss: number; perplexity: number }>(
    'eval',
    'out.arrow',
    '--model',
    'out-bert-tiny',
  );
  expect(evaluated.loss).toBeGreaterThan(5);
  expect(evaluated.perplexity).toBeCloseTo(Math.exp(evaluated.loss), 3);

  const filled = await json<{
    masks: { position: number; answers: { token: string; sequence: string }[] }[];
  }>('fill', 'out-bert-tiny', 'the [MASK] sat on the [MASK].', '--top-k', '3');
  expect(filled.masks.map(({ position, answers }) => [position, answers.length])).toEqual([
    [2, 3],
    [6, 3],
  ]);
  for (const [mask, { answers }] of filled.masks.entries()) {
    for (const { token, sequence } of answers) {
      const words = mask === 0 ? `the ${token} sat on the [MASK].` : `the [MASK] sat on the ${token}.`;
      // Pieces join on to the word before them, signs lose the space before them.
      expect(sequence.replaceAll(' ', '')).toBe(words.replaceAll(' ##', '').replaceAll(' ', ''));
    }
  }

  await json('export', 'out-bert-tiny', 'web');
  expect(existsSync(join(folder, 'web/onnx/model.onnx'))).toBe(true);
  expect(existsSync(join(folder, 'web/tokenizer.json'))).toBe(true);
});

test('metrics.jsonl has an object a step and one for the validation result', () => {
  const lines = readFileSync(join(folder, 'out-bert-tiny/metrics.jsonl'), 'utf8').trim().split('\n');
  const objects = lines.map((line) => JSON.parse(line) as Record<string, number>);
  expect(objects.slice(0, 3).map(({ step }) => step)).toEqual([1, 2, 3]);
  for (const name of ['step', 'loss', 'learning_rate', 'tokens', 'tokens_per_second', 'elapsed_seconds']) {
    expect(objects[0]).toHaveProperty(name, expect.any(Number));
  }
  expect(objects[3]).toMatchObject({ step: 3, eval_loss: expect.any(Number) });
});

test('shares of two machines, merged, are the bytes of a single run', async () => {
  for (const rank of ['0', '1']) {
    await json('preprocess', 'corpus', 'shared.arrow', '--rank', rank, '--world-size', '2', ...preprocess);
  }
  await json('preprocess', 'corpus', 'single.arrow', ...preprocess);
  await json('merge', 'shared.part-00001-of-00002.arrow', 'shared.part-00000-of-00002.arrow', 'merged.arrow');
  expect(readFileSync(join(folder, 'merged.arrow'))).toEqual(readFileSync(join(folder, 'single.arrow')));
});

test('a vocabulary of the text’s own is used by preprocess', async () => {
  expect(await json('vocab', 'corpus', '--size', '120')).toMatchObject({ output: 'tokenizer', entries: 120 });
  await json('preprocess', 'corpus', 'own', '--tokenizer', 'tokenizer', ...preprocess);
  expect(await json('inspect', 'own')).toMatchObject({ made: { tokenizer: { vocabulary_size: 120 } } });
});

test('text streams in and an Arrow stream streams out; messages stay on standard error', async () => {
  const { code, stdout, stderr } = await runShell(
    `cat corpus/a.txt | mlm preprocess - - ${preprocess.join(' ')}`,
    {
      cwd: folder,
    },
  );
  expect(code).toBe(0);
  expect(stdout.subarray(0, 4)).toEqual(Buffer.from([0xff, 0xff, 0xff, 0xff]));
  expect(stderr).toContain('rows');
});

test('paths are meant from where the user stands, which pnpm says in INIT_CWD', async () => {
  const { code, stderr } = await runMlm(['inspect', 'out.arrow', '--quiet'], {
    cwd: '/',
    env: { INIT_CWD: folder },
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
});

test('options of a config file count, and the command line wins over them', async () => {
  writeFiles(folder, { 'options.json': '{"sequence-length": 16, "seed": 7}' });
  await json('preprocess', 'corpus', 'configured.arrow', '--config', 'options.json', '--seed', '8');
  expect(await json('inspect', 'configured.arrow')).toMatchObject({
    made: { sequence_length: 16, masking: { seed: 8 } },
  });
});
