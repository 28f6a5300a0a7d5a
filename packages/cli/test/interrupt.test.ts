import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { type RunResult, runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const interruptModule = new URL('../dist/interrupt.js', import.meta.url).href;

beforeAll(async () => {
  writeFiles(folder, { 'small.txt': someText(300), 'large.txt': someText(500_000) });
  const { code, stderr } = await runMlm(
    ['preprocess', 'small.txt', 'small.arrow', '--sequence-length', '32'],
    {
      cwd: folder,
    },
  );
  if (code !== 0) throw new Error(stderr);
});

/** Runs mlm and presses Ctrl-C once: after so many milliseconds, when the process says something, or when `ready` says so. */
function interrupted(args: string[], when: number | 'output' | (() => boolean)): Promise<RunResult> {
  return runMlm(args, {
    cwd: folder,
    onStart(child) {
      // As under pnpm, which passes on the signal that the terminal has sent to the whole group already.
      const press = () => {
        child.kill('SIGINT');
        child.kill('SIGINT');
      };
      if (when === 'output') child.stderr?.once('data', press);
      else if (typeof when === 'number') setTimeout(press, when);
      else {
        const watch = setInterval(() => {
          if (!when()) return;
          clearInterval(watch);
          press();
        }, 1);
        child.once('close', () => clearInterval(watch));
      }
    },
  });
}

/** The whole lines of a run's journal; none before there is one. */
function journalLines(target: string): string[] {
  const journal = join(folder, `${target}.partial`, 'journal.jsonl');
  return existsSync(journal) ? readFileSync(journal, 'utf8').split('\n').slice(0, -1) : [];
}

/** Units that a run has finished, by its journal; -1 before there is one. */
function finishedUnits(target: string): number {
  return journalLines(target).length - 1;
}

/** Bytes of text of these units. */
function finishedBytes(target: string): number {
  const entries = journalLines(target)
    .slice(1)
    .map((line) => JSON.parse(line) as { counts: { bytes?: number } });
  return entries.reduce((sum, { counts }) => sum + (counts.bytes ?? 0), 0);
}

const moments = [
  { moment: 'in the first moment', when: () => 30, workers: 2 },
  { moment: 'while it starts', when: () => 150, workers: 2 },
  ...[0, 1, 3, 5].map((units) => ({
    moment: `when ${units} units are finished`,
    when: (name: string) => () => finishedUnits(name) >= units,
    // The last units are recorded with the end of a run, which two workers reach soon after the third unit.
    workers: units > 3 ? 1 : 2,
  })),
];

test.each(moments)(
  'Ctrl-C $moment ends preprocess with 130 and no target, and it can be resumed',
  async ({ moment, when, workers }) => {
    // Where the machine is so busy that the signal comes after the end, or while the target gets its name, it is sent
    // again to another run.
    let attempt = 0;
    let name: string;
    let args: string[];
    let run: RunResult;
    do {
      name = `out ${moment} ${attempt}.arrow`;
      args = ['preprocess', 'large.txt', name, '--workers', `${workers}`];
      run = await interrupted(args, when(name));
    } while ((run.code === 0 || existsSync(join(folder, name))) && ++attempt < 5);
    const { code, stderr } = run;
    expect(stderr).not.toMatch(/\n {4}at |unexpected/);
    // Before the launcher has run a line of ours the signal ends the process itself.
    expect([130, null]).toContain(code);
    expect(readdirSync(folder)).not.toContain(name);
    const before = finishedBytes(name);
    const short = ['preprocess', '--resume', name];
    // What was begun and nothing finished is removed, so that there is nothing to continue.
    const hint = `mlm: continue with: mlm preprocess --resume '${name}'\n`;
    expect(stderr.includes(hint)).toBe(finishedUnits(name) > 0);
    const again = finishedUnits(name) > 0 ? short : [...args, '--resume'];
    const resumed = await runMlm([...again, '--json'], { cwd: folder });
    expect({ code: resumed.code, stderr: resumed.code === 0 ? '' : resumed.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    const { bytes, text_bytes } = JSON.parse(resumed.stdout.toString()) as Record<string, number>;
    expect(text_bytes).toBe(bytes! - before);
    whole ??= await wholeRun();
    expect(readFileSync(join(folder, name)).equals(whole)).toBe(true);
  },
);

let whole: Buffer | undefined;

/** What an unbroken run writes. */
async function wholeRun(): Promise<Buffer> {
  await runMlm(['preprocess', 'large.txt', 'whole.arrow', '--workers', '2'], { cwd: folder });
  return readFileSync(join(folder, 'whole.arrow'));
}

test('Ctrl-C ends train with 130 and a usable checkpoint, and --resume goes on', async () => {
  const args = ['train', 'small.arrow', '--model', 'bert-tiny', '--max-steps', '40', '--batch-size', '4'];
  const { code, stdout } = await interrupted(args, 'output');
  expect(code).toBe(130);
  expect(stdout.toString()).toContain('--resume');
  const output = 'small-bert-tiny';
  expect((await runMlm(['fill', output, 'the [MASK] dog'], { cwd: folder })).code).toBe(0);
  const resumed = await runMlm([...args, '--resume', '--json'], { cwd: folder });
  expect(resumed.code).toBe(0);
  expect(JSON.parse(resumed.stdout.toString())).toMatchObject({ reason: 'finished', step: 40 });
});

test('Ctrl-C ends an evaluation of train with 130 and a checkpoint to go on from', async () => {
  const held = [
    'preprocess',
    'large.txt',
    'held.arrow',
    '--sequence-length',
    '128',
    '--eval-fraction',
    '0.8',
  ];
  expect((await runMlm(held, { cwd: folder })).code).toBe(0);
  const args = ['train', 'held.arrow', '--model', 'bert-tiny', '--max-steps', '4', '--eval-at-start'];
  const { code, stdout } = await interrupted(args, 'output');
  expect(code).toBe(130);
  expect(stdout.toString()).toContain(
    'Stopped before the first step; continue with the same command and --resume.',
  );
  expect((await runMlm(['fill', 'held-bert-tiny', 'the [MASK] dog'], { cwd: folder })).code).toBe(0);
});

test('Ctrl-C ends eval with 130, after it has shown how far it is', async () => {
  whole ??= await wholeRun();
  const train = ['train', 'small.arrow', '--model', 'bert-tiny', '--max-steps', '1', '--output', 'scored'];
  expect((await runMlm(train, { cwd: folder })).code).toBe(0);
  const { code, stdout, stderr } = await interrupted(['eval', 'whole.arrow', '--model', 'scored'], 'output');
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 130, stdout: '' });
  expect(stderr).toMatch(/^eval {2} *\d+ % {2}batch \d+ of [\d,]+/);
});

test('a signal that waited while the main thread worked is the same press; a later one ends at once', async () => {
  const script = `
    const { listenForInterrupt } = await import(${JSON.stringify(interruptModule)});
    listenForInterrupt(process.stderr);
    process.once('SIGINT', () => {
      process.kill(process.pid, 'SIGINT');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1100);
      setTimeout(() => setImmediate(() => console.log('goes on')), 1);
    });
    setInterval(() => {}, 1000);
    process.kill(process.pid, 'SIGINT');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'pipe' });
  let stdout = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk;
    child.kill('SIGINT');
  });
  const [code] = (await once(child, 'close')) as [number | null];
  expect({ code, stdout }).toEqual({ code: 130, stdout: 'goes on\n' });
});
