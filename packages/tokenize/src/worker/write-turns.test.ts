import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WriteTurns } from './write-turns.js';

test('no more writes go on at once than there are turns, in the order of the calls, whatever fails', async () => {
  const writes = fc.array(fc.record({ length: fc.nat(3), fails: fc.boolean() }), { maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 3 }), writes, async (free, planned) => {
      const turns = new WriteTurns(free);
      const begun: number[] = [];
      let underWay = 0;
      let most = 0;
      const results = planned.map(({ length, fails }, i) =>
        turns.take(async () => {
          begun.push(i);
          most = Math.max(most, ++underWay);
          for (let turn = 0; turn < length; turn++) await setImmediate();
          underWay--;
          if (fails) throw new Error(`${i}`);
        }),
      );
      const settled = await Promise.allSettled(results);
      expect(settled.map(({ status }) => status === 'rejected')).toEqual(planned.map(({ fails }) => fails));
      expect(begun).toEqual([...planned.keys()]);
      expect(most).toBeLessThanOrEqual(free);
    }),
    { numRuns: 50 },
  );
});
