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

test('there is room for further rows once the last batch is written, and not before', async () => {
  const held = new HeldBatches();
  await held.emptied();
  const encoded = held.encode(3, [rows(3, [1, 2]), rows(3, [3])]);
  let isEmpty = false;
  const emptied = held.emptied().then(() => (isEmpty = true));
  const descriptor = openSync(join(folder, 'rows'), 'w');
  const lengths = encoded.map(({ metadataLength, bodyLength }) => metadataLength + bodyLength);
  await held.write({ unit: 3, batch: 1, descriptor, position: lengths[0]! });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isEmpty).toBe(false);
  await held.write({ unit: 3, batch: 0, descriptor, position: 0 });
  await emptied;
  closeSync(descriptor);
  expect(readFileSync(join(folder, 'rows'))).toHaveLength(lengths[0]! + lengths[1]!);
  await expect(held.write({ unit: 3, batch: 0, descriptor, position: 0 })).rejects.toThrow('is not there');
});

test('a unit without rows needs no room', async () => {
  const held = new HeldBatches();
  const empty = { input_ids: { values: new Int32Array(0), offsets: Int32Array.of(0) } };
  held.encode(0, [{ columns: empty, place: { unit: 0, firstRow: 0, split: 'train', counts: {} } }]);
  await held.emptied();
});

test('a write that fails leaves room too: the unit that waits for it must not wait for ever', async () => {
  const held = new HeldBatches();
  held.encode(0, [rows(0, [1])]);
  const emptied = held.emptied();
  const descriptor = openSync(join(folder, 'rows'), 'r');
  await expect(held.write({ unit: 0, batch: 0, descriptor, position: 0 })).rejects.toThrow(/EBADF/);
  closeSync(descriptor);
  await emptied;
});
