import { chmodSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { type RunOptions, runMlm, runShell, temporaryFolder } from './run-mlm.js';

/** Expects exit code 1, nothing on standard output, one clear line, and no trace of the target. */
async function expectRefused(folder: string, args: string[], message: RegExp, options: RunOptions = {}) {
  const { code, stdout, stderr } = await runMlm(args, { cwd: folder, ...options });
  expect(stderr).toMatch(message);
  expect(stderr).toMatch(/^mlm: [^\n]+\n$/);
  expect(stderr).not.toContain('--debug');
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 1, stdout: '' });
  expectNoTarget(folder);
}

function expectNoTarget(folder: string): void {
  expect(readdirSync(folder).filter((name) => name.startsWith('out'))).toEqual([]);
}

const text = someText(40);

test.each<[name: string, files: Record<string, string | Uint8Array>, args: string[], message: RegExp]>([
  ['a folder that is not there', {}, ['corpus', 'out.arrow'], /corpus: no such file or folder/],
  ['an empty folder', { 'corpus/.keep': '' }, ['corpus', 'out.arrow'], /corpus.*no .*(text|file)/],
  ['a glob that matches nothing', {}, ['*.txt', 'out.arrow'], /\*\.txt/],
  ['an empty file', { 'a.txt': '' }, ['a.txt', 'out.arrow'], /a\.txt|no text/],
  [
    'a binary file',
    { 'a.txt': Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0]) },
    ['a.txt', 'out.arrow'],
    /a\.txt.*binary/,
  ],
  [
    'a folder without any text',
    { 'corpus/a.pdf': '%PDF-1.7' },
    ['corpus', 'out.arrow'],
    /corpus: no text found/,
  ],
  ['a broken .gz', { 'a.txt.gz': gzipSync(text).subarray(0, 200) }, ['a.txt.gz', 'out.arrow'], /a\.txt\.gz/],
  ['a .gz that is none', { 'a.txt.gz': text }, ['a.txt.gz', 'out.arrow'], /a\.txt\.gz/],
  [
    'a .jsonl line that is no JSON',
    { 'a.jsonl': '{"text":"one"}\n{"text":"two"}\nno record\n' },
    ['a.jsonl', 'out.arrow'],
    /a\.jsonl:3: .*JSON/,
  ],
  [
    'a .jsonl record without the field',
    { 'a.jsonl': '{"text":"one"}\n{"body":"two"}\n' },
    ['a.jsonl', 'out.arrow'],
    /a\.jsonl:2: .*"text"/,
  ],
  ['a truncated .arrow as text', { 'a.arrow': 'ARROW1\0\0' }, ['a.arrow', 'out.arrow'], /a\.arrow/],
  [
    'a vocabulary without [MASK]',
    { 'a.txt': text, 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\nthe\n' },
    ['a.txt', 'out.arrow', '--tokenizer', 'vocab.txt'],
    /vocab\.txt.*\[MASK\]/,
  ],
  [
    'a tokenizer that is not there',
    { 'a.txt': text },
    ['a.txt', 'out.arrow', '--tokenizer', 'nowhere'],
    /nowhere/,
  ],
  ['a list of files that is not there', {}, ['out.arrow', '--files-from', 'list'], /list/],
])('preprocess refuses %s', async (_, files, args, message) => {
  const folder = temporaryFolder();
  writeFiles(folder, files);
  await expectRefused(folder, ['preprocess', ...args], message);
});

test('preprocess refuses an output that exists, and replaces it when told to', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'a.txt': text, 'out.arrow': 'mine' });
  const args = ['preprocess', 'a.txt', 'out.arrow'];
  const refused = await runMlm(args, { cwd: folder });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/^mlm: .*out\.arrow.*--overwrite.*\n$/);
  expect(readFileSync(join(folder, 'out.arrow'), 'utf8')).toBe('mine');
  expect((await runMlm([...args, '--overwrite'], { cwd: folder })).code).toBe(0);
  expect((await runMlm(['verify', 'out.arrow'], { cwd: folder })).code).toBe(0);
});

test('preprocess refuses an output inside its input folder', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'corpus/a.txt': text });
  const { code, stderr } = await runMlm(['preprocess', 'corpus', 'corpus/out.arrow'], { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toMatch(/^mlm: .*out\.arrow.*inside.*\n$/);
  expect(readdirSync(join(folder, 'corpus'))).toEqual(['a.txt']);
});

test('a file that may not be read is named', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'corpus/a.txt': text });
  chmodSync(join(folder, 'corpus/a.txt'), 0);
  chmodSync(folder, 0o777);
  // Root reads everything, so that another user has to try.
  const user = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const { code, stderr } = await runMlm(['preprocess', 'corpus/a.txt', 'out.arrow'], {
    cwd: folder,
    ...user,
  });
  expect(stderr).toMatch(/^mlm: corpus\/a\.txt: cannot be read \(EACCES\).*\n$/);
  expect(code).toBe(1);
  expectNoTarget(folder);
});

test('an input that may not be read and an output that may not be written are one error', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'corpus/a.txt': text });
  chmodSync(join(folder, 'corpus/a.txt'), 0);
  chmodSync(folder, 0o555);
  const user = process.getuid?.() === 0 ? { uid: 65_534 } : {};
  const run = { cwd: folder, ...user };
  const { code, stderr } = await runMlm(['preprocess', 'corpus/a.txt', 'sub/out.arrow'], run);
  chmodSync(folder, 0o755);
  expect(stderr).toMatch(/^mlm: .*\(EACCES\).*\n$/);
  expect(code).toBe(1);
});

test('invalid UTF-8 is replaced, counted and reported; an empty file beside text is fine', async () => {
  const folder = temporaryFolder();
  const broken = Buffer.concat([
    Buffer.from('caf'),
    Buffer.from([0xe9, 0x20, 0xff]),
    Buffer.from(' is open\n'),
  ]);
  writeFiles(folder, { 'corpus/a.txt': broken, 'corpus/b.txt': '' });
  const { code, stdout } = await runMlm(['preprocess', 'corpus', 'out.arrow', '--json'], { cwd: folder });
  expect(code).toBe(0);
  expect(JSON.parse(stdout.toString())).toMatchObject({ rows: 1, invalid_utf8: 2 });
});

test('a line of 100 MB goes through', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'a.txt'), 'a line of many words '.repeat(5_000_000));
  const { code, stdout } = await runMlm(['preprocess', 'a.txt', 'out.arrow', '--json'], { cwd: folder });
  expect(code).toBe(0);
  const { rows } = JSON.parse(stdout.toString()) as { rows: number };
  expect(rows).toBeGreaterThanOrEqual(Math.floor(25_000_000 / 126));
});

test('a full disk leaves one clear line and no target', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'a.txt': someText(20_000) });
  const mount = `mkdir disk && mount -t tmpfs -o size=256k tmpfs disk`;
  const mounted = (await runShell(mount, { cwd: folder })).code === 0;
  try {
    // Where mounting is not permitted a limit on the file size is the nearest that a process can meet.
    const limit = mounted ? '' : 'mkdir -p disk; trap "" XFSZ; ulimit -f 200;';
    const { code, stderr } = await runShell(`${limit} mlm preprocess a.txt disk/out.arrow --quiet`, {
      cwd: folder,
    });
    expect(stderr).toMatch(
      mounted ? /^mlm: .*disk is full.*\n$/ : /^mlm: .*(too large|beyond the size).*\n$/,
    );
    expect(code).toBe(1);
    expect(existsSync(join(folder, 'disk/out.arrow'))).toBe(false);
  } finally {
    if (mounted) await runShell('umount disk', { cwd: folder });
  }
});

const data = temporaryFolder();

beforeAll(async () => {
  writeFiles(data, { 'a.txt': someText(200) });
  const { code, stderr } = await runMlm(['preprocess', 'a.txt', 'good.arrow', '--sequence-length', '32'], {
    cwd: data,
  });
  if (code !== 0) throw new Error(stderr);
});

test.each([['inspect'], ['verify'], ['train'], ['eval', '--model', 'bert-tiny']])(
  '%s refuses what is no dataset',
  async (command, ...options) => {
    const folder = temporaryFolder();
    const good = readFileSync(join(data, 'good.arrow'));
    writeFiles(folder, {
      'foreign.arrow': 'a,b\n1,2\n',
      'empty.arrow': '',
      'cut.arrow': good,
      'folder/readme.txt': 'x',
    });
    truncateSync(join(folder, 'cut.arrow'), Math.floor(good.length / 2));
    for (const name of ['nowhere.arrow', 'foreign.arrow', 'empty.arrow', 'cut.arrow', 'folder']) {
      await expectRefused(folder, [command, name, ...options], new RegExp(name.replace('.', '\\.')));
    }
  },
);

test('train and eval refuse a dataset that does not fit the model', async () => {
  const folder = temporaryFolder();
  const other = {
    model_type: 'bert',
    vocab_size: 99,
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
  };
  writeFiles(folder, {
    'model/config.json': JSON.stringify({ ...other, intermediate_size: 16, max_position_embeddings: 64 }),
  });
  const dataset = join(data, 'good.arrow');
  await expectRefused(
    folder,
    ['train', dataset, '--model', 'model', '--output', 'out'],
    /30522 ids, the model only 99/,
  );
  const short = { ...other, vocab_size: 30522, intermediate_size: 16, max_position_embeddings: 8 };
  writeFiles(folder, { 'model/config.json': JSON.stringify(short) });
  await expectRefused(folder, ['train', dataset, '--model', 'model', '--output', 'out'], / 8\b/);
});

test('a checkpoint that is none, or is broken, is named', async () => {
  const folder = temporaryFolder();
  const config = {
    model_type: 'bert',
    vocab_size: 30522,
    hidden_size: 8,
    num_hidden_layers: 1,
    num_attention_heads: 2,
  };
  writeFiles(folder, {
    'broken/config.json': JSON.stringify({ ...config, intermediate_size: 16, max_position_embeddings: 64 }),
    'broken/model.safetensors': Buffer.concat([
      Buffer.from([255, 255, 255, 255, 255, 255, 255, 127]),
      Buffer.from('{'),
    ]),
    'other/config.json': '{"model_type":"gpt2"}',
    'notjson/config.json': '{',
    'empty/readme.txt': '',
  });
  const dataset = join(data, 'good.arrow');
  for (const [model, message] of [
    ['broken', /broken.model\.safetensors/],
    ['other', /other.*(gpt2|bert)/],
    ['notjson', /notjson.config\.json/],
    ['empty', /empty/],
    ['nowhere', /nowhere/],
  ] as const) {
    await expectRefused(folder, ['eval', dataset, '--model', model], message);
  }
  await expectRefused(folder, ['fill', 'broken', 'a [MASK]'], /broken/);
  await expectRefused(folder, ['export', 'empty', 'out'], /empty/);
});

test('a hub that cannot be reached is named', async () => {
  const folder = temporaryFolder();
  const env = { HF_ENDPOINT: 'http://127.0.0.1:9', HF_HOME: folder };
  await expectRefused(folder, ['fill', 'someone/model', 'a [MASK]'], /someone\/model.*127\.0\.0\.1:9/, {
    env,
  });
});
