import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, runShell, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const rank = ['--rank', '1', '--world-size', '2'];

beforeAll(async () => {
  writeFiles(folder, {
    'a.txt': someText(30),
    'small/vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n',
    'eval.json': '{"model": "nowhere"}',
  });
  const { stderr } = await runMlm(['preprocess', 'a.txt', 'made.arrow', '--eval-fraction', '0.3'], {
    cwd: folder,
  });
  expect(stderr).toBe('');
});

test('standard input is called so, whatever is wrong with it', async () => {
  const format = (name: string) => ['--input-format', name];
  for (const [args, input, problem] of [
    [[], '', 'no text: the input is empty'],
    [format('csv'), 'id,text\n1\n', 'record 1: this record has 1 field, expected 2'],
    [format('csv'), 'id,body\n1,a\n', 'no column "text"'],
    [format('json'), '["a",]', 'is not JSON: a comma after record 1'],
  ] as const) {
    const { code, stderr } = await runMlm(['preprocess', '-', 'out.arrow', ...args], { cwd: folder, input });
    expect(stderr).toMatch(/^mlm: [^\n]+\n$/);
    expect(stderr).toContain(`mlm: standard input: ${problem}`);
    expect(code).toBe(1);
  }
});

const toFile = ['preprocess', 'a.txt', 'out.arrow'];
test.each([
  [[...toFile, '--limit', '0'], /'--limit <rows>' argument '0' is invalid/],
  [['preprocess', 'a.txt', '-', '--eval-fraction', '0.5'], /--eval-fraction: one stream cannot/],
  [[...toFile, '--overflow', 'truncate'], /--overflow does nothing without --line-by-line;/],
  [[...toFile, '--shard-size', '1MB'], /--shard-size is for a dataset folder/],
  [['merge', 'p0', 'p1', 'out.arrow', '--shard-size', '1MB'], /--shard-size is for a dataset folder/],
  [[...toFile, '--dedup-memory', '1GB'], /--dedup-memory does nothing without --dedup; give both or neither/],
  [[...toFile, '--split-by', 'content'], /--split-by does nothing without --eval-fraction;/],
  [['train', 'made.arrow', '--decay', '0.2'], /--decay does nothing without --schedule warmup-stable-decay;/],
  [[...toFile, '--overwrite', '--resume'], /--resume contradicts --overwrite; give one of them/],
  [['train', 'made.arrow', '--warmup', '2.5'], /'2\.5' is invalid.*a share below 1 or a whole number/],
  [['train', 'made.arrow', '--overwrite', '--resume'], /--resume contradicts --overwrite;/],
  [['train', 'made.arrow', '--select', 'span'], /--select does nothing without --masking dynamic;/],
  [['train', 'made.arrow', '--accept-inexact'], /--accept-inexact does nothing without --resume;/],
  [['train', 'made.arrow', '--micro-batch-size', '33'], /--micro-batch-size is 33, expected/],
  [['train', 'made.arrow', '--revision', 'main'], /bert-mini: is a new model, which has no revisions;/],
  [
    [...toFile, '--eval-fraction', '0.5', '--eval-by', 'row', '--split-by', 'content'],
    /--split-by does nothing without --eval-by document;/,
  ],
  [[...toFile, '--line-by-line', '--pack', 'documents'], /--line-by-line makes a row of each line/],
  [[...toFile, '--min-masks', '5', '--max-masks', '2'], /--max-masks is 2, expected at least --min-masks 5/],
  [['preprocess', 'a.txt', '-', '--resume'], /--resume: a stream begins anew/],
  [['setup', 'xla', '--rocm', '--tpu'], /--rocm contradicts --tpu; give one of them/],
  [['setup', 'tensorflow', '--undo', '--gpu'], /--gpu contradicts --undo;/],
  [[...toFile, '--rank', '0'], /add --world-size/],
  [[...toFile, '--rank', '2', '--world-size', '2'], /below the world size 2/],
  [['preprocess', 'a.txt', ''], /expected an output/],
  [['vocab'], /expected inputs, such as: mlm vocab/],
  [['help', 'trian'], /unknown command 'trian' \(Did you mean train\?\)/],
])('mlm %j is wrong usage, in one line', async (args, message) => {
  const before = readdirSync(folder);
  const { code, stdout, stderr } = await runMlm(args, { cwd: folder });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^mlm: [^\n]+\n$/);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
  expect(readdirSync(folder)).toEqual(before);
});

test.each([
  [
    ['inspect', 'made.arrow', '--tokenizer', 'small'],
    /made\.arrow: contains the id \d+, but --tokenizer small/,
  ],
  [['preprocess', 'out.arrow', '--files-from', 'small'], /--files-from small: is a folder/],
  // The file brings the required option: what is refused is its value.
  [['eval', 'made.arrow', '--config', 'eval.json'], /nowhere: no such checkpoint/],
])('mlm %j is refused in one line', async (args, message) => {
  const { code, stderr } = await runMlm(args, { cwd: folder });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^mlm: [^\n]+\n$/);
  expect(code).toBe(1);
});

test('a validation file is shown as validation', async () => {
  const { stdout } = await runMlm(['inspect', 'made.eval.arrow', '--json'], { cwd: folder });
  expect(Object.keys((JSON.parse(stdout.toString()) as { splits: object }).splits)).toEqual(['validation']);
});

test('who works on a share says which and whence, and what comes next is the merge', async () => {
  const typed = await runMlm(['preprocess', 'a.txt', 'typed.arrow', ...rank], { cwd: folder });
  expect(typed.stderr).toBe('mlm: part 1 (from 0) of 2 only, by --rank and --world-size\n');
  expect(typed.stdout.toString()).toContain('merge typed.part-*-of-00002.arrow typed.arrow');
  const env = { SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '3' };
  const { stderr } = await runMlm(['preprocess', 'a.txt', 'job.arrow'], { cwd: folder, env });
  expect(stderr).toBe('mlm: part 0 (from 0) of 3 only, by SLURM_PROCID=0 and SLURM_STEP_NUM_TASKS=3\n');
});

test.runIf(existsSync('/dev/full'))('a full standard output is one line and exit code 1', async () => {
  for (const args of ['--help', 'inspect made.arrow', 'preprocess a.txt -']) {
    const { code, stderr } = await runShell(`mlm ${args} > /dev/full`, { cwd: folder });
    expect(stderr).toMatch(/^mlm: standard output: no space is left[^\n]*\n$/);
    expect(code).toBe(1);
  }
});

test('what a shell puts in place of <(…) is read, and so is a named pipe', async () => {
  const { code, stderr } = await runShell('mlm preprocess <(cat a.txt) piped.arrow --eval-fraction 0.3', {
    cwd: folder,
  });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(existsSync(join(folder, 'piped.arrow'))).toBe(true);
  const pipe = await runShell(
    'mkfifo fifo.txt; cat a.txt > fifo.txt & mlm preprocess fifo.txt piped.arrow --overwrite',
    { cwd: folder },
  );
  expect({ code: pipe.code, stderr: pipe.stderr }).toEqual({ code: 0, stderr: '' });
});

test('what comes next can be typed as it is said, whatever the names', async () => {
  writeFiles(folder, { "it's mine.txt": 'One line.\n' });
  const args = ['preprocess', "it's mine.txt", "it's mine.arrow"];
  const { stdout } = await runMlm(args, { cwd: folder });
  expect(stdout.toString()).toMatch(/^Next: mlm train 'it'\\''s mine\.arrow'$/m);
});

test('a dataset without rows is told, and not offered for training', async () => {
  writeFiles(folder, { 'blank.txt': ' \n\n' });
  const { code, stdout } = await runMlm(['preprocess', 'blank.txt', 'blank.arrow'], { cwd: folder });
  expect(code).toBe(0);
  expect(stdout.toString()).toMatch(/no rows: the input holds nothing but white space/);
  expect(stdout.toString()).not.toMatch(/Next:/);
  const { stderr } = await runMlm(['train', 'blank.arrow', '--output', 'blank'], { cwd: folder });
  expect(stderr).toBe('mlm: blank.arrow: has no rows; preprocess more text\n');
});
