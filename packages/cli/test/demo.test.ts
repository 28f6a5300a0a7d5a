import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runMlm, temporaryFolder } from './run-mlm.js';

interface DemoResult {
  steps: number;
  unigram_loss: number;
  start_loss: number;
  end_loss: number;
  predictions: { text: string; predictions: unknown[] }[];
  files: Record<'text' | 'tokenizer' | 'dataset' | 'heldOut' | 'checkpoint', string>;
}

test('the demo goes all the way, and what it names is there', { timeout: 300_000 }, async () => {
  const folder = temporaryFolder();
  const args = ['demo', '--output', 'short', '--max-steps', '2', '--json', '--quiet'];
  const { code, stdout, stderr } = await runMlm(args, { cwd: folder });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const result = JSON.parse(stdout.toString()) as DemoResult;
  expect(result).toMatchObject({ steps: 2, unigram_loss: expect.any(Number) });
  // A model that knows nothing is as wrong as chance among the 2,048 pieces, or worse; a step or two help.
  expect(result.start_loss).toBeGreaterThan(7);
  expect(result.end_loss).toBeLessThan(result.start_loss);
  expect(result.predictions).toHaveLength(8);
  for (const { text, predictions } of result.predictions) {
    expect(text).toContain('[MASK]');
    expect(predictions).toHaveLength(5);
  }
  const { text, ...made } = result.files;
  expect(statSync(join(folder, text)).isDirectory()).toBe(true);
  for (const path of Object.values(made)) {
    expect(path).toMatch(/^short\b/);
    expect(statSync(join(folder, path)).size).toBeGreaterThan(0);
  }
  for (const file of ['config.json', 'model.safetensors', 'tokenizer.json', 'metrics.jsonl'])
    expect(statSync(join(folder, result.files.checkpoint, file)).size).toBeGreaterThan(0);
  const steps = readFileSync(join(folder, result.files.checkpoint, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(steps.length).toBeGreaterThanOrEqual(2);
});
