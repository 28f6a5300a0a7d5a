import { elementCount } from '@mlm/base/shape';
import { expect } from 'vitest';
import type { Graph, TypedArray } from '../graph/graph.js';
import { printGraph } from '../graph/print.js';
import type { Pass } from '../passes/passes.js';
import { toOnnx } from '../targets/onnx/model.js';
import { ortTensor } from '../targets/onnx/runtime.js';
import { createSession } from '../targets/onnx/session.js';
import { type TensorFunction, type TraceOptions, trace } from '../trace/trace.js';
import { expectClose, sample } from './compare.fixture.js';

/**
 * Traces a function, applies a pass, checks that both graphs give the same values for sample inputs and variables, and
 * returns the new graph as text. onnxruntime's own optimizations are off, so that only the pass makes a difference.
 */
export async function checkPass(pass: Pass, fn: TensorFunction, options: TraceOptions): Promise<string> {
  const before = trace(fn, options);
  const after = pass(before);
  expectSame(await evaluate(after), await evaluate(before));
  return printGraph(after)
    .split('\n')
    .filter((line) => !/^(input|variable) /.test(line))
    .join('\n');
}

/** Equal values under the same names, up to rounding. */
export function expectSame(actual: Values, expected: Values, tolerance?: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(expected)) expectClose(actual[name]!, values, name, tolerance);
}

type Values = Readonly<Record<string, TypedArray>>;

/** The results of a graph for sample inputs and variables. */
export async function evaluate(graph: Graph): Promise<Values> {
  const session = await createSession(toOnnx(graph), { threads: 1, optimize: false });
  const feeds = [...graph.inputs, ...graph.variables]
    .filter(({ name }) => session.inputNames.includes(name!))
    .map(({ name, shape, dtype }, i) => {
      const sizes = shape.map((size) => (typeof size === 'number' ? size : 3));
      const values = sample(elementCount(sizes), i);
      const data = dtype === 'int32' ? Int32Array.from(values, (value) => 10 * value) : values;
      return [name, ortTensor(data, sizes)];
    });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as TypedArray]));
}
