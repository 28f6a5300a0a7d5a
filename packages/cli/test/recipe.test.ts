import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const text = join(folder, 'text.txt');
writeFileSync(text, 'A line of words that is a document.\n'.repeat(400));

async function made(options: string[]) {
  const output = join(folder, 'out.arrow');
  const done = await runMlm(['preprocess', text, output, '--overwrite', '--quiet', ...options]);
  expect(done).toMatchObject({ code: 0, stderr: '' });
  const { stdout } = await runMlm(['inspect', output, '--json']);
  return JSON.parse(stdout.toString()).made;
}

test('a recipe changes the defaults, and what is given wins over it', async () => {
  expect(await made(['--recipe', 'run_mlm'])).toMatchObject({
    sequence_length: 512,
    cut: { document: 'line', line_by_line: false },
    masking: { replace: 'bert', probability: 0.15 },
  });
  expect(await made(['--replace', 'mask', '--recipe', 'run_mlm', '--sequence-length', '32'])).toMatchObject({
    sequence_length: 32,
    cut: { document: 'line' },
    masking: { replace: 'mask' },
  });
});

test('a run by a recipe has its learning rate, and goes on with it without being told again', async () => {
  await made(['--sequence-length', '16']);
  const data = join(folder, 'out.arrow');
  const config = { model_type: 'bert', vocab_size: 30522, hidden_size: 8, num_hidden_layers: 1 };
  const model = join(folder, 'config.json');
  writeFileSync(model, JSON.stringify({ ...config, num_attention_heads: 1, intermediate_size: 8 }));
  const output = join(folder, 'run');
  const run = (options: string[]) =>
    runMlm(['train', data, '--model', folder, '--output', output, '--quiet', ...options]);
  const begun = await run(['--recipe', 'run_mlm', '--max-steps', '2', '--save-every', '1']);
  expect(begun).toMatchObject({ code: 0, stderr: '' });
  expect(await run(['--resume'])).toMatchObject({ code: 0, stderr: '' });
  const rates = readFileSync(join(output, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).learning_rate)
    .filter((rate) => rate !== undefined);
  expect(rates).toEqual([5e-5, 2.5e-5]);
});
