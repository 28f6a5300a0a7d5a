import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { type RunResult, runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();

beforeAll(async () => {
  writeFiles(folder, { 'small.txt': someText(300), 'large.txt': someText(150_000) });
  const { code, stderr } = await runMlm(
    ['preprocess', 'small.txt', 'small.arrow', '--sequence-length', '32'],
    {
      cwd: folder,
    },
  );
  if (code !== 0) throw new Error(stderr);
});

/** Runs mlm and presses Ctrl-C once: after so many milliseconds, or when the process says something. */
function interrupted(args: string[], after: number | 'output'): Promise<RunResult> {
  return runMlm(args, {
    cwd: folder,
    onStart(child) {
      // As under pnpm, which passes on the signal that the terminal has sent to the whole group already.
      const press = () => {
        child.kill('SIGINT');
        setTimeout(() => child.kill('SIGINT'), 20);
      };
      if (after === 'output') child.stderr?.once('data', press);
      else setTimeout(press, after);
    },
  });
}

test.each([5, 15, 30, 45, 60])(
  'Ctrl-C after %d per cent of the work ends preprocess with 130 and no target, and it can be resumed',
  async (percent) => {
    const name = `out-${percent}.arrow`;
    const args = ['preprocess', 'large.txt', name, '--workers', '2'];
    const { code, stderr } = await interrupted(args, (percent / 100) * (await wholeRun()).milliseconds);
    expect(stderr).not.toMatch(/\n {4}at |unexpected/);
    // Before the launcher has run a line of ours the signal ends the process itself.
    expect([130, null]).toContain(code);
    expect(readdirSync(folder)).not.toContain(name);
    const resumed = await runMlm([...args, '--resume'], { cwd: folder });
    expect({ code: resumed.code, stderr: resumed.code === 0 ? '' : resumed.stderr }).toEqual({
      code: 0,
      stderr: '',
    });
    const { bytes } = await wholeRun();
    expect(readFileSync(join(folder, name)).equals(bytes)).toBe(true);
  },
);

let whole: { bytes: Buffer; milliseconds: number } | undefined;

/** An unbroken run: what it writes, and how long it takes on this machine (the shorter of two). */
async function wholeRun(): Promise<NonNullable<typeof whole>> {
  if (whole === undefined) {
    const times: number[] = [];
    for (let run = 0; run < 2; run++) {
      const start = performance.now();
      await runMlm(['preprocess', 'large.txt', 'whole.arrow', '--workers', '2', '--overwrite'], {
        cwd: folder,
      });
      times.push(performance.now() - start);
    }
    whole = { bytes: readFileSync(join(folder, 'whole.arrow')), milliseconds: Math.min(...times) };
  }
  return whole;
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

test('a second Ctrl-C ends at once', async () => {
  const { code } = await runMlm(
    ['train', 'small.arrow', '--model', 'bert-tiny', '--output', 'twice', '--epochs', '1000'],
    {
      cwd: folder,
      onStart(child) {
        child.stderr?.once('data', () => {
          child.kill('SIGINT');
          setTimeout(() => child.kill('SIGINT'), 400);
        });
      },
    },
  );
  expect(code).toBe(130);
});
