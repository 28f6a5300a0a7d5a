import '@tensorflow/tfjs-backend-cpu';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { type CompileOptions, compile } from '../compile.js';
import type { TypedArray } from '../graph/graph.js';
import type { TensorFunction } from '../trace/trace.js';

/** Numbers that look random, the same in every run, and none of them close to 0. */
export const sample = (length: number, seed = 1): Float32Array =>
  Float32Array.from({ length }, (_, i) => {
    const x = Math.sin(i * 12.9898 + seed * 78.233) * 2;
    return Math.abs(x) < 0.05 ? 0.5 : x;
  });

/** Runs a function eagerly and on an engine, from the same variables, and returns both results. */
export async function runBoth(
  fn: TensorFunction,
  options: CompileOptions,
  inputs: Readonly<Record<string, TypedArray>>,
): Promise<[eager: Record<string, TypedArray>, compiled: Record<string, TypedArray>]> {
  const eager = await compile(fn, { ...options, engine: 'eager', device: 'cpu', precision: 'fp32' });
  const compiled = await compile(fn, { threads: 1, ...options });
  const results = [await eager.run(inputs), await compiled.run(inputs)] as const;
  const states = [await eager.read(), await compiled.read()] as const;
  await Promise.all([eager.dispose(), compiled.dispose()]);
  return [
    { ...results[0], ...states[0] },
    { ...results[1], ...states[1] },
  ];
}

/** Equal up to rounding: relative to the larger of the value and 1. */
export function expectClose(actual: TypedArray, expected: TypedArray, name: string, tolerance = 2e-5): void {
  expect(actual.length, name).toBe(expected.length);
  for (const [i, value] of actual.entries()) {
    const reference = expected[i]!;
    if (Object.is(value, reference) || value === reference) continue;
    const error = Math.abs(value - reference) / Math.max(1, Math.abs(reference));
    if (!(error <= tolerance)) {
      expect.fail(`${name}[${i}] is ${value}, but eagerly ${reference} (relative error ${error})`);
    }
  }
}

/** Checks that a function of input tensors gives the same values on an engine as eagerly. */
export async function expectSameValues(
  fn: (...inputs: Tensor[]) => Tensor | Tensor[],
  inputs: readonly { readonly shape: readonly number[]; readonly data: Float32Array | Int32Array }[],
  engine: CompileOptions['engine'] = 'onnx',
): Promise<void> {
  const names = inputs.map((_, i) => `input${i}`);
  const specs = inputs.map(({ shape, data }, i) => {
    const dtype = data instanceof Int32Array ? ('int32' as const) : ('float32' as const);
    return [names[i]!, { shape, dtype }] as const;
  });
  const [eager, compiled] = await runBoth(
    (_, tensors) => {
      const results = [fn(...names.map((name) => tensors[name]!))].flat();
      return Object.fromEntries(results.map((tensor, i) => [`output${i}`, tensor]));
    },
    { inputs: Object.fromEntries(specs), ...(engine && { engine }) },
    Object.fromEntries(inputs.map(({ data }, i) => [names[i]!, data])),
  );
  for (const [name, values] of Object.entries(eager)) expectClose(compiled[name]!, values, name);
}
