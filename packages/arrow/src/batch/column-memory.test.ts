import { InputError } from '@mlm/base/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { columnBuffers, ownColumns } from './column-batch.js';
import { ColumnMemory } from './column-memory.js';

test('columns keep their values and stand apart, however the memory grows, for one batch after another', () => {
  const lengths = fc.array(fc.oneof(fc.nat(40), fc.nat(60_000)), { minLength: 1, maxLength: 5 });
  const memory = new ColumnMemory();
  fc.assert(
    fc.property(fc.nat(20_000), lengths, (begun, list) => {
      const [ids, ...others] = list;
      memory.begin(begun).fill(-1);
      const kept = Math.min(begun, ids!);
      const column = memory.resize(ids!);
      expect(column.subarray(0, kept).every((value) => value === -1)).toBe(true);
      const { byteOffset } = column.fill(7);
      // Code that works on columns has the first bytes for itself.
      expect(byteOffset).toBeGreaterThanOrEqual(1024);
      const places = others.map((length, i) => {
        const at = memory.add(length);
        expect(at % 16).toBe(0);
        memory.int8(at, length).fill(i);
        return { at, length, i };
      });
      expect(memory.int32(byteOffset, ids!).every((value) => value === 7)).toBe(true);
      for (const { at, length, i } of places)
        expect(memory.int8(at, length).every((value) => value === i)).toBe(true);
      const last = places.at(-1);
      expect(memory.end).toBe(last ? last.at + last.length : byteOffset + 4 * ids!);
    }),
  );
});

test('more memory than WebAssembly can have is refused in one line, and less can still be had', () => {
  const memory = new ColumnMemory();
  memory.begin(2).set([3, 4]);
  expect(() => memory.add(2 ** 32)).toThrow(InputError);
  expect(() => memory.add(2 ** 32)).toThrow(
    /^the rows of a document take 4\.0 GiB, .*; divide long documents$/,
  );
  expect([...memory.resize(2)]).toEqual([3, 4]);
});

test('what an unusual batch made of the memory is given up with the next one', () => {
  const memory = new ColumnMemory();
  memory.begin(1000);
  const usual = memory.wasm;
  memory.begin(1 << 20);
  expect(memory.wasm).toBe(usual);
  memory.resize(1 << 25);
  expect(memory.wasm).toBe(usual);
  expect(memory.begin(10).byteLength).toBe(40);
  expect(memory.wasm).not.toBe(usual);
});

test('a batch of its own is a copy that can be moved to another thread, with offsets of each column', () => {
  const memory = new ColumnMemory();
  const { byteOffset } = memory.begin(3);
  const at = memory.add(3);
  const input_ids = memory.int32(byteOffset, 3);
  input_ids.set([5, 6, 7]);
  const attention_mask = memory.int8(at, 3).fill(1);
  const offsets = Int32Array.of(0, 2, 3);
  const columns = {
    input_ids: { values: input_ids, offsets },
    attention_mask: { values: attention_mask, offsets },
  };
  const place = { unit: 0, firstRow: 0, split: 'train' as const };
  const own = ownColumns({ columns, place, memory });
  memory.begin(3).fill(0);
  const moved = structuredClone(own, { transfer: columnBuffers(own) });
  expect(moved).toEqual({
    columns: {
      input_ids: { values: Int32Array.of(5, 6, 7), offsets },
      attention_mask: { values: Int8Array.of(1, 1, 1), offsets },
    },
    place,
  });
  expect(columnBuffers(ownColumns({ columns, place, memory }))).toHaveLength(4);
  expect(ownColumns(moved)).toBe(moved);
});
