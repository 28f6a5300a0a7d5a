import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const run = (...args: string[]) => runMlm(args, { cwd: folder });

async function done(...args: string[]): Promise<void> {
  const { code, stderr } = await run(...args);
  if (code !== 0) throw new Error(stderr);
}

beforeAll(async () => {
  writeFiles(folder, { 'a.txt': someText(60) });
  await done('preprocess', 'a.txt', 'own.arrow', '--sequence-length', '32');
  await done('train', 'own.arrow', '--model', 'bert-tiny', '--max-steps', '1', '--output', 'model');
});

test('a dataset of another vocabulary is refused in one line, one of the model’s own is not', async () => {
  await done('vocab', 'a.txt', '--size', '100', '--output', 'small');
  await done('preprocess', 'a.txt', 'small.arrow', '--tokenizer', 'small', '--sequence-length', '32');
  for (const command of ['eval', 'train']) {
    const { code, stdout, stderr } = await run(command, 'small.arrow', '--model', 'model');
    expect(stderr).toMatch(
      /^mlm: small\.arrow: its tokenizer small .* is not the model's, model\/tokenizer\.json .*\n$/,
    );
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  }
  await done('eval', 'own.arrow', '--model', 'model');
});

test('rows without any label are pointed out', async () => {
  await done('preprocess', 'a.txt', 'bare.arrow', '--mask-probability', '0', '--sequence-length', '32');
  const evaluated = await run('eval', 'bare.arrow', '--model', 'model', '--json');
  expect(evaluated.code).toBe(0);
  // Beside it, a slow machine has progress to tell.
  expect(evaluated.stderr).toMatch(/^mlm: bare\.arrow: no token is masked.*--mask-probability above 0$/m);
  const trained = await run('train', 'bare.arrow', '--model', 'bert-tiny', '--max-steps', '1');
  expect(trained.stderr).toMatch(/^mlm: step 1: no token is masked/m);
});

test('fill answers with tokens alone where the model’s vocabulary is padded beyond the tokenizer’s', async () => {
  await done('vocab', 'a.txt', '--size', '60', '--output', 'sixty');
  await done('preprocess', 'a.txt', 'sixty.arrow', '--tokenizer', 'sixty', '--sequence-length', '32');
  const config = {
    model_type: 'bert',
    vocab_size: 512,
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 1,
    intermediate_size: 8,
    max_position_embeddings: 32,
  };
  writeFiles(folder, { 'padded/config.json': JSON.stringify(config) });
  await done('train', 'sixty.arrow', '--model', 'padded', '--max-steps', '1', '--output', 'padded-run');
  const { code, stdout, stderr } = await run('fill', 'padded-run', '[MASK]', '--top-k', '500', '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { masks } = JSON.parse(stdout.toString());
  const ids = masks[0].answers.map(({ id }: { id: number }) => id);
  expect(ids.length).toBeGreaterThan(40);
  expect(Math.max(...ids)).toBe(ids.length - 1);
});
