import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockOutput } from './lock.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlm-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Rewrites the lock of `output` as another process's. */
function forge(output: string, change: (record: Record<string, unknown>) => void): void {
  const [line, ...rest] = readFileSync(`${output}.lock`, 'utf8').split('\n');
  const record = JSON.parse(line!) as Record<string, unknown>;
  change(record);
  writeFileSync(`${output}.lock`, [JSON.stringify(record), ...rest].join('\n'));
}

/** Leaves the lock of a process that has been killed. */
async function leaveLock(output: string, note = ''): Promise<void> {
  const lock = await lockOutput(output);
  const text = readFileSync(`${output}.lock`, 'utf8');
  lock.release();
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  child.kill('SIGKILL');
  await once(child, 'exit');
  writeFileSync(`${output}.lock`, text + note);
  forge(output, (record) => Object.assign(record, { pid: child.pid, started }));
}

test('a second writer is refused with the name of the first, which leaves nothing behind', async () => {
  const output = join(folder, 'out.arrow');
  const lock = await lockOutput(output);
  await expect(lockOutput(output)).rejects.toThrow(`${output}: process ${process.pid} on `);
  lock.check();
  lock.release();
  lock.release();
  expect(readdirSync(folder)).toEqual([]);
  (await lockOutput(output)).release();
});

test('all paths to a folder are the same output', async () => {
  symlinkSync(folder, `${folder}-link`);
  const lock = await lockOutput(join(folder, 'out/'));
  await expect(lockOutput(join(`${folder}-link`, 'out'))).rejects.toThrow(/is writing it/);
  lock.release();
  rmSync(`${folder}-link`);
});

test('of many at once, one gets the lock, even if an old one was left behind', async () => {
  const output = join(folder, 'out');
  for (const isLeft of [false, true]) {
    if (isLeft) await leaveLock(output);
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockOutput(output)));
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won).toHaveLength(1);
    won[0]!.value.check();
    won[0]!.value.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

test('the lock of a killed process is taken at once, along with its note', async () => {
  const output = join(folder, 'out');
  await leaveLock(output);
  const first = await lockOutput(output);
  expect(first.wasFinished).toBe(false);
  first.noteFinished();
  first.check();
  first.release();
  await leaveLock(output, 'finished\n');
  const second = await lockOutput(output);
  expect(second.wasFinished).toBe(true);
  second.release();
});

test('a reused process id is not the owner', async () => {
  const output = join(folder, 'out');
  const lock = await lockOutput(output);
  forge(output, (record) => Object.assign(record, { started: '1' }));
  const next = await lockOutput(output);
  expect(() => lock.check()).toThrow(/another process has taken it over/);
  lock.release();
  next.check();
  next.release();
});

test('an owner on another machine counts for a minute after its last sign, and can be taken over', async () => {
  const output = join(folder, 'out');
  const lock = await lockOutput(output);
  forge(output, (record) => Object.assign(record, { host: 'node17', scope: 'elsewhere' }));
  await expect(lockOutput(output)).rejects.toThrow(/on node17 is writing it .*takeOver/);
  const sign = Date.now() / 1000 - 50;
  utimesSync(`${output}.lock`, sign, sign);
  await expect(lockOutput(output)).rejects.toThrow(/node17/);
  utimesSync(`${output}.lock`, sign - 15, sign - 15);
  (await lockOutput(output)).release();
  lock.release();

  const other = await lockOutput(output);
  forge(output, (record) => Object.assign(record, { scope: 'elsewhere' }));
  const taken = await lockOutput(output, { takeOver: true });
  expect(() => other.check()).toThrow(/taken it over/);
  other.release();
  taken.release();
});

test('an empty lock, or its successor, does not block', async () => {
  const output = join(folder, 'out');
  await leaveLock(output);
  const { id } = JSON.parse(readFileSync(`${output}.lock`, 'utf8').split('\n')[0]!) as { id: string };
  writeFileSync(`${output}.lock.${id}`, '');
  (await lockOutput(output)).release();
  expect(readdirSync(folder)).toEqual([]);
});

test('a file that is no lock stays', async () => {
  const output = join(folder, 'yarn');
  writeFileSync(`${output}.lock`, '# yarn lockfile v1\n');
  await expect(lockOutput(output)).rejects.toThrow(/not a lock of mlm/);
  expect(readdirSync(folder)).toEqual(['yarn.lock']);
});
