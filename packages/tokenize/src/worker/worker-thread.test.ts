import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import type { UnitWork } from './unit-worker.js';
import { WorkerThread } from './worker-thread.js';

const openFiles = () => readdirSync('/dev/fd').length;

test('a thread that is closed while it starts leaves no files open', async () => {
  const tokenizer = await loadTokenizer();
  const work = { specialIds: tokenizer.specialIds, sequenceLength: 128, stages: [] } as unknown as UnitWork;
  const whole = new WorkerThread(tokenizer, work, undefined);
  await whole.started;
  await whole.close();
  const before = openFiles();
  for (let delay = 0; delay < 120; delay += 6) {
    const thread = new WorkerThread(tokenizer, work, undefined);
    await setTimeout(delay);
    await thread.close();
  }
  await vi.waitFor(() => expect(openFiles()).toBeLessThanOrEqual(before), { timeout: 20_000 });
}, 60_000);
