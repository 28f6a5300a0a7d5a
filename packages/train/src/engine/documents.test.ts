import { testEngines } from '../testing/engines.fixture.js';
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@mlm/compile';
import { IGNORED_LABEL } from '@mlm/masking';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { assembleBatch, type Batch, type Row, rowOf } from '../data/batch.js';
import { splitBatch } from '../data/split.js';
import type { Model, Weights } from '../models/model.js';
import { Random } from '../random/random.js';
import { isKeyBias, readReference, relativeError } from '../testing/reference.fixture.js';
import { maskedLanguageModelLoss } from './graphs.js';
import { batchInputs, batchValues } from './inputs.js';

const engines = testEngines('eager', 'onnx');
const families = ['padded', 'roberta', 'distilbert', 'modernbert', 'electra', 'albert'];

/** Documents of all lengths up to a row's, some of their tokens masked; some hold the id of padding as a token. */
function documents(count: number, longest: number, padId: number): Row[] {
  const random = new Random(11);
  return Array.from({ length: count }, (_, k) => {
    const length = k === 0 ? longest : 3 + random.below(longest / 2);
    const ids = Int32Array.from({ length }, (_, i) => {
      if (i === 0) return 2;
      if (i === length - 1) return 3;
      return random.below(9) === 0 ? padId : 5 + random.below(56);
    });
    return rowOf(
      ids.map((id, i) => (i % 3 === 1 ? 4 : id)),
      ids.map((id, i) => (i % 3 === 1 ? id : IGNORED_LABEL)),
    );
  });
}

/** The documents one after another in rows of at most `length` tokens. */
function packed(rows: readonly Row[], length: number): Row[] {
  const groups: Row[][] = [[]];
  let used = 0;
  for (const row of rows) {
    if (used + row.length > length) groups.push([]);
    used = (used + row.length > length ? 0 : used) + row.length;
    groups.at(-1)!.push(row);
  }
  return groups.map((group) => {
    const join = (arrays: Int32Array[]) => Int32Array.from(arrays.flatMap((array) => [...array]));
    const document_starts = Int32Array.from(group, (_, i) =>
      group.slice(0, i).reduce((sum, { length }) => sum + length, 0),
    );
    const row = rowOf(join(group.map((row) => row.input_ids)), join(group.map((row) => row.labels)));
    return { ...row, document_starts };
  });
}

async function lossAndGradients(
  [model, weights]: [Model, Weights],
  batches: readonly Batch[],
  engine: (typeof engines)[number],
  { isFixed, checkpointing }: { isFixed: boolean; checkpointing: boolean },
) {
  const [{ batch, sequence, document_starts }] = batches as [Batch];
  const lengths = isFixed ? [sequence] : [1, sequence];
  const shape = { batchSize: batch, lengths, documents: document_starts !== undefined };
  const variables = Object.fromEntries(
    model.parameters.map(({ name, shape }) => [name, { shape, value: weights.get(name)! }]),
  );
  const inputs = { ...batchInputs(shape), loss_scale: { shape: [], dtype: 'float32' } as const };
  const step = await compile(
    (variables, inputs) => {
      const fixed = isFixed ? { fixedLength: sequence } : {};
      const { value, grads } = tf.variableGrads(() =>
        maskedLanguageModelLoss(model, variables, inputs, { ...fixed, checkpointing }),
      );
      const named = model.parameters.map(({ name }) => [`d ${name}`, grads[variables[name]!.name]!] as const);
      return { loss: value, ...Object.fromEntries(named) };
    },
    { variables, inputs, engine },
  );
  const masked = batches.reduce((sum, batch) => sum + batch.masked, 0);
  const results: Record<string, ArrayLike<number>>[] = [];
  for (const batch of batches)
    results.push(await step.run({ ...batchValues(batch), loss_scale: Float32Array.of(1 / masked) }));
  await step.dispose();
  const summed = (name: string) =>
    results.reduce(
      (sum, result) => sum.map((value, i) => value + result[name]![i]!),
      new Float64Array(results[0]![name]!.length),
    );
  return { loss: summed('loss')[0]!, gradient: (name: string) => Float32Array.from(summed(`d ${name}`)) };
}

describe.each(engines)('documents that share rows on engine %s', (engine) => {
  const ways = [
    { isFixed: true, checkpointing: false },
    { isFixed: false, checkpointing: false },
    { isFixed: true, checkpointing: true },
  ];
  // Eagerly, nothing depends on the lengths being known but ModernBERT's blocks.
  const waysOf = (name: string) => (engine === 'eager' && name !== 'modernbert' ? ways.slice(0, 1) : ways);
  const cases = families.flatMap((name) => waysOf(name).map((way) => ({ name, ...way })));
  it.each(cases)('have the same loss and gradients as in rows of their own: %o', async ({ name, ...way }) => {
    const { model, weights } = await readReference(name);
    const { padId, positions } = model.limits;
    // ModernBERT's rows have more windows than it computes as a square.
    const longest = Math.min(positions, 36);
    const rows = documents(9, longest, padId);
    const apart = assembleBatch(rows, { batch: rows.length, sequence: longest }, padId);
    const joined = packed(rows, longest);
    expect(joined.length).toBeLessThan(7);
    const together = assembleBatch(joined, { batch: joined.length, sequence: longest }, padId);
    expect(together.masked).toBe(apart.masked);

    const expected = await lossAndGradients([model, weights], [apart], engine, way);
    // As one batch, and once as micro-batches, of which the last is filled up.
    const split = name === 'padded' ? [splitBatch(together, 2, padId)] : [];
    for (const batches of [[together], ...split]) {
      const found = await lossAndGradients([model, weights], batches, engine, way);
      expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-5);
      for (const { name } of model.parameters) {
        const [gradient, other] = [found.gradient(name), expected.gradient(name)];
        if (isKeyBias(name)) expect(Math.max(...gradient.map(Math.abs)), name).toBeLessThan(1e-7);
        else expect(relativeError(gradient, other), name).toBeLessThan(1e-5);
      }
    }
    if (way.checkpointing || !way.isFixed) return;
    // Without being kept apart they learn something else.
    const { document_starts: _, ...mixed } = together;
    const wrong = await lossAndGradients([model, weights], [mixed], engine, way);
    const errors = model.parameters.map(({ name }) =>
      relativeError(wrong.gradient(name), expected.gradient(name)),
    );
    expect(Math.max(...errors)).toBeGreaterThan(1e-2);
  });
});
