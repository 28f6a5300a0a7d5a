import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { listenForInterrupt } from './interrupt.js';

const exit = vi.spyOn(process, 'exit');

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate'] });
  exit.mockReset().mockImplementation((() => {}) as never);
});

afterEach(() => {
  vi.useRealTimers();
  process.removeAllListeners('SIGINT');
  process.removeAllListeners('SIGTERM');
});

function listen() {
  const stderr = new PassThrough();
  return { interrupt: listenForInterrupt(stderr), said: () => String(stderr.read() ?? '') };
}

test.each([
  { signal: 'SIGINT', code: 130, again: 'Ctrl-C again' },
  { signal: 'SIGTERM', code: 143, again: 'a second signal' },
] as const)('the first $signal stops cleanly, the second at once', ({ signal, code, again }) => {
  const { interrupt, said } = listen();
  expect(interrupt.exitCode()).toBe(undefined);
  process.emit(signal);
  expect(interrupt.signal.aborted).toBe(true);
  expect(interrupt.exitCode()).toBe(code);
  expect(said()).toBe(`\nmlm: stopping cleanly; ${again} stops at once\n`);
  vi.advanceTimersByTime(1100);
  expect(exit).not.toHaveBeenCalled();
  process.emit('SIGINT');
  expect(exit.mock.calls).toEqual([[code]]);
});

test('signals within a second of the first are the same press', () => {
  const { said } = listen();
  for (let i = 0; i < 10; i++) {
    process.emit('SIGINT');
    vi.advanceTimersByTime(99);
  }
  expect(exit).not.toHaveBeenCalled();
  expect(said().match(/stopping/g)).toHaveLength(1);
});
