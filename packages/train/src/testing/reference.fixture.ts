import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { readSafetensors } from '../checkpoint/safetensors.js';
import { assembleBatch, type Batch, rowOf } from '../data/batch.js';

/** One case that fixtures/make_fixtures.py computed with PyTorch and transformers. */
export interface ReferenceCase {
  rows: number;
  length: number;
  warmup: number;
  steps: number;
  clip: number;
  schedule: 'constant' | 'linear';
  learning_rate: number;
  losses: number[];
  gradient_norms: number[];
  /** The micro-batches of each step. */
  batches: { input_ids: number[]; attention_mask: number[]; labels: number[] }[][];
}

export const fixtureFolder = (name: string) =>
  fileURLToPath(new URL(`../../fixtures/${name}`, import.meta.url));

export async function readReference(name: string) {
  const folder = fixtureFolder(name);
  const reference = JSON.parse(await readFile(join(folder, 'batches.json'), 'utf8')) as ReferenceCase;
  const { model, weights } = await readCheckpoint(folder);
  const gradients = await readSafetensors(join(folder, 'gradients.safetensors'));
  const trained = await readSafetensors(join(folder, 'trained.safetensors'));
  const steps = reference.batches.map((group) => group.map((batch) => toBatch(reference, batch)));
  return { reference, model, weights, gradients, trained, steps };
}

function toBatch({ rows, length }: ReferenceCase, batch: ReferenceCase['batches'][number][number]): Batch {
  const part = <T extends Int32Array | Int8Array>(array: T, row: number) =>
    array.subarray(row * length, (row + 1) * length) as T;
  const ids = Int32Array.from(batch.input_ids);
  const labels = Int32Array.from(batch.labels);
  const attention = Int8Array.from(batch.attention_mask);
  const all = Array.from({ length: rows }, (_, row) =>
    rowOf(part(ids, row), part(labels, row), part(attention, row)),
  );
  return assembleBatch(all, { batch: rows, sequence: length }, 0);
}

/** ‖a − b‖ / ‖b‖. */
export function relativeError(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  return Math.sqrt(difference / norm);
}

/** Attention key biases have a gradient that is mathematically zero: what is there is rounding. */
export const isKeyBias = (name: string) => /attention\.(self\.key|key|k_lin)\.bias$/.test(name);
