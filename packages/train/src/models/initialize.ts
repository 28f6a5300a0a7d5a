import { elementCount } from '@mlm/base/shape';
import { Random } from '../random/random.js';
import type { Model, Parameter, Weights } from './model.js';

/**
 * Draws initial weights. They depend only on the seed and on each parameter's place in the model's list, so that they
 * are the same on every engine.
 */
export function initializeWeights({ parameters }: Model, seed: number): Weights {
  return new Map(
    parameters.map((parameter, index) => [parameter.name, initialValues(parameter, seed, index)]),
  );
}

/** The initial values of a parameter; `index` is its place in the model's list. */
export function initialValues({ shape, init }: Parameter, seed: number, index: number): Float32Array {
  const count = elementCount(shape);
  if (init === 'zeros') return new Float32Array(count);
  if (init === 'ones') return new Float32Array(count).fill(1);
  const random = new Random(seed, index);
  const values = random.normals(count, init.normal);
  if (init.cutoff !== undefined) {
    const limit = init.cutoff * init.normal;
    for (let i = 0; i < count; i++) {
      while (Math.abs(values[i]!) >= limit && limit > 0) values[i] = random.normals(1, init.normal)[0]!;
    }
  }
  if (init.zeroRow !== undefined) {
    const width = count / shape[0]!;
    values.fill(0, init.zeroRow * width, (init.zeroRow + 1) * width);
  }
  return values;
}
