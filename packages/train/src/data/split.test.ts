import { IGNORED_LABEL } from '@mlm/masking';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { assembleBatch, rowOf } from './batch.js';
import { divideBatch, splitBatch } from './split.js';

const padId = 9;
const arbitraryRows = fc.integer({ min: 1, max: 6 }).chain((sequence) =>
  fc.record({
    sequence: fc.constant(sequence),
    batch: fc.integer({ min: 1, max: 9 }),
    micro: fc.integer({ min: 1, max: 10 }),
    rows: fc.array(
      fc.array(fc.record({ id: fc.nat(8), masked: fc.boolean() }), { minLength: 1, maxLength: sequence }),
      { minLength: 1, maxLength: 9 },
    ),
  }),
);

it('micro-batches have the batch’s rows in order, and otherwise only padding', () => {
  fc.assert(
    fc.property(arbitraryRows, ({ sequence, batch, micro, rows }) => {
      const kept = rows.slice(0, batch).map((row) =>
        rowOf(
          Int32Array.from(row, ({ id }) => id),
          Int32Array.from(row, ({ id, masked }) => (masked ? id + 1 : IGNORED_LABEL)),
        ),
      );
      const whole = assembleBatch(kept, { batch, sequence }, padId);
      const parts = splitBatch(whole, micro, padId);
      if (micro >= batch) {
        expect(parts).toEqual([whole]);
        return;
      }
      // Each part is what its rows give by themselves, so that it fits the graph of its shape.
      const expected = [];
      for (let start = 0; start < kept.length; start += micro) {
        expected.push(assembleBatch(kept.slice(start, start + micro), { batch: micro, sequence }, padId));
      }
      expect(parts).toEqual(expected);
    }),
  );
});

it('each device has its share of the rows, in order, and all shares have one shape', () => {
  fc.assert(
    fc.property(arbitraryRows, ({ sequence, batch, micro: devices, rows }) => {
      const kept = rows.slice(0, batch).map((row) =>
        rowOf(
          Int32Array.from(row, ({ id }) => id),
          Int32Array.from(row, ({ id, masked }) => (masked ? id + 1 : IGNORED_LABEL)),
        ),
      );
      const share = Math.ceil(batch / devices);
      const expected = Array.from({ length: devices }, (_, k) =>
        assembleBatch(kept.slice(k * share, (k + 1) * share), { batch: share, sequence }, 0),
      );
      expect(divideBatch(assembleBatch(kept, { batch, sequence }, 0), devices)).toEqual(expected);
    }),
  );
});
