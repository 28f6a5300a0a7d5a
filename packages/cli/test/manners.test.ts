import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, runShell, temporaryFolder } from './run-mlm.js';

const cwd = temporaryFolder();
const tiny = {
  model_type: 'bert',
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
  vocab_size: 30_522,
  max_position_embeddings: 16,
};

beforeAll(async () => {
  writeFiles(cwd, { 'a.txt': someText(60) });
  mkdirSync(join(cwd, 'tiny'));
  writeFileSync(join(cwd, 'tiny/config.json'), JSON.stringify(tiny));
  const made = await runMlm(['preprocess', 'a.txt', 'a.arrow', '--sequence-length', '16', '-q'], { cwd });
  expect(made.stderr).toBe('');
});

const train = ['train', 'a.arrow', '--output', 'run', '--engine', 'onnx', '--device', 'cpu'];

test('a signal saves a checkpoint, progress is JSON, and a resumed run needs no other option', async () => {
  let said = '';
  const askOnce = (child: ChildProcess) =>
    child.stderr!.on('data', (chunk: Buffer) => {
      const began = said.includes('"done"');
      said += chunk;
      if (!began && said.includes('"done"')) child.kill('SIGUSR1');
    });
  const options = ['--model', 'tiny', '--batch-size', '4', '--max-steps', '400', '--keep', '5'];
  const first = await runMlm([...train, ...options, '--progress', 'json'], { cwd, onStart: askOnce });
  expect(first.code).toBe(0);
  const lines = said.split('\n').filter((line) => line.startsWith('{'));
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ command: 'train', done: 400, total: 400 });
  expect(readdirSync(join(cwd, 'run')).some((name) => /^checkpoint-\d+$/.test(name))).toBe(true);

  const again = ['train', 'a.arrow', '--output', 'run', '--resume'];
  const resumed = await runMlm(again, { cwd });
  expect(resumed.stdout.toString()).toMatch(/^Already finished, at step 400 of 400/);

  const other = await runMlm([...again, '--batch-size', '8', '--seed', '1'], { cwd });
  expect(other.code).toBe(1);
  expect(other.stderr).toMatch(/batch-size 8, the run began with 4; nor with seed 1, the run began with 42/);
}, 120_000);

test('SIGTERM ends a run with a checkpoint and a code of its own', async () => {
  const endAtOnce = (child: ChildProcess) => child.stderr!.once('data', () => child.kill('SIGTERM'));
  const options = ['--model', 'tiny', '--max-steps', '1000000', '--progress', 'json', '--overwrite'];
  const { code, stdout, stderr } = await runMlm([...train, ...options, '--output', 'ended'], {
    cwd,
    onStart: endAtOnce,
  });
  expect(stderr).toMatch(/^mlm: stopping cleanly; a second signal stops at once$/m);
  expect(stdout.toString()).toMatch(/^Stopped /);
  expect(code).toBe(143);
  expect(existsSync(join(cwd, 'ended/model.safetensors'))).toBe(true);
}, 120_000);

test('options of a resumed run are checked beside those that the run began with', async () => {
  const options = ['--model', 'tiny', '--batch-size', '4', '--max-steps', '6', '--output', 'decaying'];
  const stable = ['--schedule', 'warmup-stable-decay', '--decay', '2'];
  expect((await runMlm([...train, ...options, ...stable], { cwd })).code).toBe(0);

  const again = (...more: string[]) =>
    runMlm(['train', 'a.arrow', '--output', 'decaying', '--resume', ...more], { cwd });
  expect((await again('--decay', '2')).stdout.toString()).toMatch(/^Already finished/);
  // A share that gives another number of steps is a difference, not an idle option.
  expect((await again('--decay', '0.5')).stderr).toMatch(/decay-steps 3, the run began with 2$/m);
  expect((await again('--schedule', 'linear')).stderr).toMatch(/schedule linear, the run began with warmup/);
  const idle = await again('--schedule', 'linear', '--decay', '0.5');
  expect(idle.stderr).toMatch(/--decay does nothing without --schedule warmup-stable-decay/);
  expect(idle.code).toBe(2);
  expect((await again('--early-stop', '2')).code).toBe(2);
}, 120_000);

test('what a configuration file says may lie idle because the command line chose otherwise', async () => {
  const written = {
    'line.json': { 'line-by-line': true, overflow: 'truncate', 'sequence-length': 16 },
    'split.yaml': { 'eval-fraction': 0.3, 'eval-by': 'document', 'split-by': 'content' },
    'alone.json': { 'split-by': 'content' },
  };
  for (const [name, options] of Object.entries(written))
    writeFileSync(join(cwd, name), JSON.stringify(options));
  const made = (config: string, ...more: string[]) =>
    runMlm(['preprocess', 'a.txt', 'made.arrow', '--overwrite', '-q', '--config', config, ...more], { cwd });
  expect((await made('line.json')).stderr).toBe('');
  expect((await made('split.yaml', '--eval-by', 'row')).stderr).toBe('');
  const alone = await made('alone.json');
  expect(alone.stderr).toMatch(/--split-by does nothing without --eval-fraction/);
  expect(alone.code).toBe(2);
  expect((await made('alone.json', '--eval-fraction', '0.2')).stderr).toBe('');
});

test('an output by URL is refused before any work', async () => {
  const { code, stderr } = await runMlm(['preprocess', 'a.txt', 's3://bucket/out.arrow'], { cwd });
  expect(stderr).toBe(
    'mlm: s3://bucket/out.arrow: only local files can be written; write to out.arrow and copy it there\n',
  );
  expect(code).toBe(1);
  expect(existsSync(join(cwd, 's3:'))).toBe(false);
});

test('inputs, output and options may come from a YAML file; paths may end with NUL', async () => {
  writeFileSync(join(cwd, 'run.yaml'), 'inputs: [a.txt]\noutput: yaml.arrow\nsequence-length: 16\n');
  expect(await runMlm(['preprocess', '--config', 'run.yaml', '-q'], { cwd })).toMatchObject({ code: 0 });
  expect(await runMlm(['train', '--config', 'run.yaml'], { cwd })).toMatchObject({ code: 2 });
  const line = `find . -name a.txt -print0 | mlm preprocess --files-from - nul.arrow --sequence-length 16 -q
    cmp nul.arrow yaml.arrow`;
  expect(await runShell(line, { cwd })).toMatchObject({ code: 0, stderr: '' });
});
