import { expect, test } from 'vitest';
import { createProgress } from './progress.js';

function record(isTTY: boolean, env: NodeJS.ProcessEnv, quiet = false) {
  const written: string[] = [];
  let now = 0;
  const progress = createProgress({
    stream: { isTTY, columns: 60, write: (text: string) => written.push(text) },
    env,
    label: 'train',
    quiet,
    clock: () => now,
  });
  const at = (milliseconds: number, done: number) => {
    now = milliseconds;
    progress.update({ done, total: 200, details: () => ['loss 3.21'] });
  };
  return { written, progress, at };
}

test('a terminal gets one line that is redrawn, with share, details and time left', () => {
  const { written, progress, at } = record(true, {});
  at(0, 0);
  at(50, 10);
  at(10_000, 100);
  progress.finish();
  expect(written).toHaveLength(4);
  expect(written[2]).toContain('50 %  loss 3.21  10 s left');
  expect(written[2]).not.toContain('\n');
  expect(written.at(-1)).toBe('\r\x1b[2K');
});

test('a log gets a plain line now and then, without any escape', () => {
  const { written, at } = record(false, {});
  for (let second = 0; second <= 40; second++) at(second * 1000, second);
  expect(written).toEqual([
    'train    1 %  loss 3.21  3 min 17 s left\n',
    'train    9 %  loss 3.21  3 min 02 s left\n',
    'train   16 %  loss 3.21  2 min 47 s left\n',
  ]);
});

test('NO_COLOR keeps the bar but not the colours; FORCE_COLOR brings them', () => {
  for (const [env, colored] of [
    [{ NO_COLOR: '1' }, false],
    [{ FORCE_COLOR: '1' }, true],
    [{ FORCE_COLOR: '0' }, false],
    [{ FORCE_COLOR: '', NO_COLOR: '1' }, false],
    [{}, true],
  ] as const) {
    const { written, at } = record(true, env);
    at(0, 100);
    expect(written.join('')).toContain('━');
    expect(written.join('').includes('\x1b[32m')).toBe(colored);
  }
});

test('the line never grows beyond the terminal', () => {
  const written: string[] = [];
  const progress = createProgress({
    stream: { isTTY: true, columns: 40, write: (text: string) => written.push(text) },
    env: { NO_COLOR: '1' },
    label: 'preprocess',
  });
  progress.update({ done: 1, total: 2, details: () => ['x'.repeat(100)] });
  expect(written[0]?.length).toBeLessThan(40);
});

test.each([80, 60, 40])('on %i columns the time left stays, and details give way', (columns) => {
  const written: string[] = [];
  let now = 0;
  const progress = createProgress({
    stream: { isTTY: true, columns, write: (text: string) => written.push(text) },
    env: { NO_COLOR: '1' },
    label: 'preprocess',
    clock: () => now,
  });
  const details = () => ['52.4 MB', '12.3 MB/s', '12.3 M tokens', '96.1 K rows'];
  progress.update({ done: 0, total: 200, details });
  now = 200_000;
  progress.update({ done: 100, total: 200, details });
  expect(written.at(-1)).toMatch(/ 50 % .* 3 min 20 s left$/);
  expect(written.at(-1)!.length).toBeLessThan(columns);
  expect(written.at(-1)!.includes('tokens')).toBe(columns === 80);
});

test('quiet writes nothing', () => {
  const { written, progress, at } = record(true, {}, true);
  at(0, 1);
  progress.note('a line');
  progress.finish();
  expect(written).toEqual([]);
});
