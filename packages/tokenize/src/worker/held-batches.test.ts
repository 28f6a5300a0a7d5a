import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ColumnBatch } from '@mlm/arrow/columns';
import { afterAll, expect, test } from 'vitest';
import { HeldBatches } from './held-batches.js';

const folder = mkdtempSync(join(tmpdir(), 'held-'));
afterAll(() => rmSync(folder, { recursive: true }));

const rows = (unit: number, values: number[]): ColumnBatch => ({
  columns: { input_ids: { values: Int32Array.from(values), offsets: Int32Array.of(0, values.length) } },
  place: { unit, firstRow: 0, split: 'train', counts: {} },
});

test('there is room for further rows once the last batch of an earlier unit is written, and not before', async () => {
  const held = new HeldBatches();
  const encoded = held.encode(3, [rows(3, [1, 2]), rows(3, [3])]);
  await held.room();
  held.encode(4, [rows(4, [4])]);
  let hasRoom = false;
  const room = held.room().then(() => (hasRoom = true));
  const descriptor = openSync(join(folder, 'rows'), 'w');
  const lengths = encoded.map(({ metadataLength, bodyLength }) => metadataLength + bodyLength);
  await held.write({ unit: 3, batch: 1, descriptor, position: lengths[0]! });
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  await held.write({ unit: 3, batch: 0, descriptor, position: 0 });
  await room;
  expect(held.isEmpty).toBe(false);
  await held.write({ unit: 4, batch: 0, descriptor, position: 0 });
  expect(held.isEmpty).toBe(true);
  closeSync(descriptor);
  expect(readFileSync(join(folder, 'rows'))).toHaveLength(lengths[0]! + lengths[1]!);
  await expect(held.write({ unit: 3, batch: 0, descriptor, position: 0 })).rejects.toThrow('is not there');
});

test('a unit whose rows are written before those of an earlier one leaves no room: the next would take the memory of that one', async () => {
  const held = new HeldBatches();
  held.encode(0, [rows(0, [1])]);
  held.encode(1, [rows(1, [1])]);
  let hasRoom = false;
  const room = held.room().then(() => (hasRoom = true));
  const descriptor = openSync(join(folder, 'rows'), 'w');
  await held.write({ unit: 1, batch: 0, descriptor, position: 0 });
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  await held.write({ unit: 0, batch: 0, descriptor, position: 0 });
  await room;
  closeSync(descriptor);
});

test('a unit with more rows than usual is held alone', async () => {
  const held = new HeldBatches();
  held.encode(0, [rows(0, new Array(4 << 20).fill(1))]);
  let hasRoom = false;
  const room = held.room().then(() => (hasRoom = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(hasRoom).toBe(false);
  const descriptor = openSync(join(folder, 'rows'), 'w');
  await held.write({ unit: 0, batch: 0, descriptor, position: 0 });
  await room;
  closeSync(descriptor);
});

test('units without rows need no room', async () => {
  const held = new HeldBatches();
  const empty = { input_ids: { values: new Int32Array(0), offsets: Int32Array.of(0) } };
  for (const unit of [0, 1, 2])
    held.encode(unit, [{ columns: empty, place: { unit, firstRow: 0, split: 'train', counts: {} } }]);
  await held.room();
});

test('a write that fails leaves room too: the unit that waits for it must not wait for ever', async () => {
  const held = new HeldBatches();
  held.encode(0, [rows(0, [1])]);
  held.encode(1, [rows(1, [1])]);
  const room = held.room();
  const descriptor = openSync(join(folder, 'rows'), 'r');
  await expect(held.write({ unit: 0, batch: 0, descriptor, position: 0 })).rejects.toThrow(/EBADF/);
  closeSync(descriptor);
  await room;
});
