import { listColumn, maskedBatch } from '@mlm/arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { IGNORED_LABEL } from '../rows/originals.js';
import { columnOf } from '../testing.fixture.js';
import { eachToken } from './each-token.js';

const token = fc.record({ shown: fc.nat(9), label: fc.constantFrom(IGNORED_LABEL, 0, 5, 7) });
const rows = fc.array(fc.array(token, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 });

test('every position of the rows, in order: the id before masking, the id shown, and whether it has a label', () => {
  fc.assert(
    fc.property(rows, fc.nat(5), fc.nat(5), fc.nat(4), (list, from, count, ahead) => {
      const input_ids = columnOf(list.map((row) => row.map(({ shown }) => shown)));
      const { values, offsets } = columnOf(list.map((row) => row.map(({ label }) => label)));
      // Labels that begin elsewhere in their values than the ids do.
      const labels = {
        values: Int32Array.from([...Array<number>(ahead).fill(3), ...values]),
        offsets: offsets.map((offset) => offset + ahead),
      };
      const attention_mask = { values: new Int8Array(values.length).fill(1), offsets };
      const whole = maskedBatch({ input_ids, labels, attention_mask });
      expect(listColumn(whole, 'labels').offsets[0]).toBe(ahead);
      const batch = whole.slice(from, from + count);
      const seen: [number, number, boolean][] = [];
      eachToken(batch, (...visited) => seen.push(visited));
      const expected = list.slice(from, from + count).flat();
      expect(seen).toEqual(
        expected.map(({ shown, label }) =>
          label === IGNORED_LABEL ? [shown, shown, false] : [label, shown, true],
        ),
      );
    }),
  );
});
