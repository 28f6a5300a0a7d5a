import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { someText } from './corpus.js';
import { type RunResult, runMlm, runShell, temporaryFolder } from './run-mlm.js';

/** Three units, then a file that is no text: a run of them ends there, with its finished units kept. */
const text = someText(40_000);
const options = [
  '--sequence-length',
  '32',
  '--seed',
  '7',
  '--mask-probability',
  '0.2',
  '--workers',
  '1',
  '-q',
];

const cwd = temporaryFolder();
const damage = () => writeFileSync(join(cwd, 'corpus/c.txt'), Buffer.alloc(9 << 20));
const mend = () => writeFileSync(join(cwd, 'corpus/c.txt'), 'The end of it.\n');
const mlm = (args: string[], from = cwd) => runMlm(['preprocess', ...args], { cwd: from });
const resume = (...args: string[]) => mlm(['--resume', 'out.arrow', ...args]);
const read = (name: string) => readFileSync(join(cwd, name));
const remove = (name: string) => rmSync(join(cwd, name), { recursive: true, force: true });

/** Runs into the damaged file, and mends it. */
async function interrupt(args: string[]): Promise<void> {
  damage();
  expect((await mlm(args)).stderr).toMatch(/c\.txt: is binary/);
  mend();
}

/** An interrupted run of the corpus into out.arrow, and what an unbroken one writes. */
beforeAll(async () => {
  mkdirSync(join(cwd, 'corpus'));
  writeFileSync(join(cwd, 'corpus/a.txt'), text);
  const args = ['corpus', 'out.arrow', '--eval-fraction', '0.2', ...options];
  await interrupt(args);
  cpSync(join(cwd, 'out.arrow.partial'), join(cwd, 'interrupted'), { recursive: true });
  expect((await mlm(args.with(1, 'whole.arrow'))).stderr).toBe('');
});

beforeEach(() => {
  for (const name of ['out.arrow', 'out.eval.arrow', 'out.arrow.partial']) remove(name);
  cpSync(join(cwd, 'interrupted'), join(cwd, 'out.arrow.partial'), { recursive: true });
});

function expectAsUnbroken(run: RunResult): void {
  expect(run).toMatchObject({ code: 0, stderr: '' });
  for (const name of ['arrow', 'eval.arrow'])
    expect(read(`out.${name}`).equals(read(`whole.${name}`)), name).toBe(true);
}

test('a run is resumed with its own inputs and options, which may be given again', async () => {
  // What does not change the bytes may be another.
  expectAsUnbroken(await resume('--seed', '7', '--workers', '2', '-q'));
  const again = await resume();
  expect(again.stdout.toString()).toBe('Already finished: nothing was left to do for out.arrow.\n');
  const other = (await resume('--seed', '8', '--workers', '2')).stdout.toString();
  expect(other).toMatch(
    /^Already finished: .*\nThe options given were not compared with those of the finished run\.\n$/,
  );
  expect(JSON.parse((await resume('--json')).stdout.toString())).toMatchObject({ output: 'out.arrow' });
});

test('what would change the bytes is refused by both values; the run can still be resumed', async () => {
  writeFileSync(join(cwd, 'vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n');
  writeFileSync(join(cwd, 'other.json'), '{"sequence-length": 64}');
  mkdirSync(join(cwd, 'other'));
  writeFileSync(join(cwd, 'other/a.txt'), text);
  const refused: [string[], string][] = [
    [['--seed', '8'], 'masking changed since that run began, seed from 7 to 8;'],
    [['--mask-probability', '0.3'], 'masking changed since that run began, probability from 0.2 to 0.3;'],
    [['--replace', '0.5,0.3,0.2'], 'masking changed since that run began, replace from mask to 0.5 0.3 0.2;'],
    [['--limit', '5'], 'limit changed since that run began, from none to 5;'],
    [['--dedup', 'exact'], 'cut changed since that run began, dedup from the default to exact;'],
    [['--eval-by', 'row'], 'eval fraction changed since that run began, from 0.2 to 0.2 row place;'],
    [['--recipe', 'run_mlm'], 'cut changed since that run began, document from blank-line to line;'],
    [['--config', 'other.json'], 'sequence length changed since that run began, from 32 to 64;'],
    [
      ['--tokenizer', 'vocab.txt'],
      `tokenizer changed since that run began, from the default to ${join(cwd, 'vocab.txt')};`,
    ],
  ];
  for (const [args, message] of refused)
    expect(await resume(...args)).toMatchObject({ code: 1, stderr: expect.stringContaining(message) });
  expect((await mlm(['other', '--resume', 'out.arrow'])).stderr).toMatch(
    /inputs changed since that run began, from corpus to other;/,
  );
  expect((await resume('--overwrite')).code).toBe(2);
  expect((await resume('--overflow', 'truncate')).code).toBe(2);
  expectAsUnbroken(await resume('-q'));
});

test('from another folder, paths of the run start where it began', async () => {
  mkdirSync(join(cwd, 'tok'));
  mkdirSync(join(cwd, 'elsewhere'));
  writeFileSync(join(cwd, 'tok/vocab.txt'), '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nriver\nsea\n');
  writeFileSync(join(cwd, 'list.txt'), './corpus/a*.txt\n');
  const args = ['--files-from', 'list.txt', 'corpus', '--tokenizer', 'tok', ...options];
  await interrupt([...args, 'moved.arrow']);
  const again = (tokenizer: string) =>
    mlm(['--resume', '../moved.arrow', '--tokenizer', tokenizer, '-q'], join(cwd, 'elsewhere'));
  // A path that is typed now starts where it is typed.
  expect(await again('tok')).toMatchObject({ code: 1 });
  expect(await again('../tok')).toMatchObject({ code: 0, stderr: '' });
  expect((await mlm([...args, 'whole-moved.arrow'])).stderr).toBe('');
  expect(read('moved.arrow').equals(read('whole-moved.arrow'))).toBe(true);
});

test('a run that is resumed with other inputs is resumed with those from then on', async () => {
  const files = ['corpus/a.txt', 'z.txt'];
  writeFileSync(join(cwd, 'z.txt'), Buffer.alloc(9 << 20));
  damage();
  expect((await mlm([...files, '--resume', 'out.arrow', '-q'])).stderr).toMatch(/z\.txt: is binary/);
  writeFileSync(join(cwd, 'z.txt'), 'The end of it.\n');
  // c.txt, which is left out now, had the same text in the unbroken run.
  expectAsUnbroken(await resume('-q'));
  mend();
});

test('each part is resumed by its rank, and says so where it is named by its file', async () => {
  const share = ['--rank', '1', '--world-size', '2'];
  mkdirSync(join(cwd, 'shared'));
  writeFileSync(join(cwd, 'shared/a.txt'), text);
  writeFileSync(join(cwd, 'shared/b.txt'), text);
  // A share needs all files as they were, so the damage is mended without a trace.
  const put = (byte: string) => {
    writeFileSync(join(cwd, 'shared/c.txt'), byte.repeat(100));
    utimesSync(join(cwd, 'shared/c.txt'), 1, 1);
  };
  const interrupted = async () => {
    put('\0');
    const run = await mlm(['shared', 'shared.arrow', ...options, ...share, '--overwrite']);
    expect(run.stderr).toMatch(/c\.txt: is binary/);
    put('a');
  };
  const part = 'shared.part-00001-of-00002.arrow';
  await interrupted();
  expect((await mlm(['--resume', part])).stderr).toMatch(/give shared\.arrow --rank 1 --world-size 2$/m);
  expect((await mlm(['--resume', 'shared.arrow'])).stderr).toMatch(
    /shared\.arrow: no interrupted run to resume; .*--rank/,
  );
  expect((await mlm(['--resume', 'shared.arrow', '-q', ...share])).code).toBe(0);
  const resumed = read(part);
  await interrupted();
  const args = ['preprocess', '--resume', 'shared.arrow', '-q'];
  expect((await runMlm(args, { cwd, env: { RANK: '1', WORLD_SIZE: '2' } })).code).toBe(0);
  expect(read(part).equals(resumed)).toBe(true);
  expect((await mlm(['shared', 'whole-shared.arrow', ...options, ...share])).code).toBe(0);
  expect(read('whole-shared.part-00001-of-00002.arrow').equals(resumed)).toBe(true);
});

/** The text as records; the last one is none. */
const records = `${text.replaceAll(/.+/g, '{"text": "$&"}').replaceAll('\n\n', '\n')}no record\n`;
const mendedRecords = records.replace('no record', '{"text": "The end."}');
const ofRecords = [...options, '--input-format', 'jsonl'];

test('standard input is given again; less of it than before is refused', async () => {
  const run = (input: string, ...args: string[]) => runMlm(['preprocess', ...args, '-q'], { cwd, input });
  expect((await run(records, '-', 'piped.arrow', ...ofRecords)).stderr).toMatch(/is not a JSON object/);
  const again = ['--resume', 'piped.arrow'];
  const shorter = await run('', ...again);
  expect(shorter.stderr).toMatch(/cannot resume: the inputs end before the last finished unit/);
  expect(existsSync(join(cwd, 'piped.arrow'))).toBe(false);
  expect(await run(mendedRecords, ...again)).toMatchObject({ code: 0, stderr: '' });
  await run(mendedRecords, '-', 'whole-piped.arrow', ...ofRecords);
  expect(read('piped.arrow').equals(read('whole-piped.arrow'))).toBe(true);
});

test('a list from a pipe is kept', async () => {
  remove('out.arrow.partial');
  damage();
  const flags = ['--eval-fraction', '0.2', ...options].join(' ');
  const line = `ls -d corpus/* | mlm preprocess --files-from - out.arrow ${flags}`;
  expect((await runShell(line, { cwd })).stderr).toMatch(/is binary/);
  mend();
  expectAsUnbroken(await resume('-q'));
});

test('patterns and names with a question mark are kept', async () => {
  remove('out.arrow.partial');
  damage();
  const args = ['out.arrow', '--eval-fraction', '0.2', ...options];
  expect((await mlm(['corpus/?.txt', ...args])).stderr).toMatch(/c\.txt: is binary/);
  mend();
  expectAsUnbroken(await resume('-q'));
});

test('inputs from a pipe are given again', async () => {
  writeFileSync(join(cwd, 'records'), records);
  const line = `mlm preprocess <(cat records) fed.arrow ${ofRecords.join(' ')}`;
  expect((await runShell(line, { cwd })).stderr).toMatch(/is not a JSON object/);
  const { code, stderr } = await mlm(['--resume', 'fed.arrow']);
  expect(stderr).toMatch(/the run read \/dev\/fd\/\d+, .* give the inputs before fed\.arrow$/m);
  expect(code).toBe(2);
  // What was not kept is not shown as if it had been nothing.
  const other = await mlm(['corpus', '--resume', 'fed.arrow']);
  expect(other.stderr).toMatch(/cannot resume: inputs changed since that run began; use the same/);
});

test('the journal of an earlier version wants inputs and options again, and goes on with them', async () => {
  const journal = join(cwd, 'out.arrow.partial/journal.jsonl');
  const [first, ...entries] = readFileSync(journal, 'utf8').split('\n');
  const { settings, ...job } = JSON.parse(first!) as Record<string, unknown>;
  expect(settings).toMatchObject({ inputs: ['corpus'], sequenceLength: 32 });
  writeFileSync(journal, [JSON.stringify(job), ...entries].join('\n'));
  const short = await resume();
  expect(short.stderr).toMatch(/give its inputs and options again$/m);
  expect(short.code).toBe(2);
  const long = ['corpus', 'out.arrow', '--resume', ...options];
  expect((await mlm(long)).stderr).toMatch(/eval fraction changed since that run began, from 0\.2 to 0;/);
  expectAsUnbroken(await mlm([...long, '--eval-fraction', '0.2']));
});

test('a journal whose settings someone changed is refused by the option', async () => {
  const journal = join(cwd, 'out.arrow.partial/journal.jsonl');
  writeFileSync(journal, readFileSync(journal, 'utf8').replace('"inputs":["corpus"]', '"inputs":[7]'));
  const { code, stderr } = await resume();
  expect(stderr).toMatch(/its journal says --inputs 7, expected a list of texts; use --overwrite/);
  expect(code).toBe(1);
});

test('without an interrupted run there is nothing to resume', async () => {
  remove('out.arrow.partial');
  expect(await resume()).toMatchObject({ code: 1, stderr: expect.stringMatching(/no interrupted run/) });
  // As long as inputs are given, the run begins.
  const args = ['corpus', '--resume', 'out.arrow', '--eval-fraction', '0.2', ...options];
  expectAsUnbroken(await mlm(args));
});
