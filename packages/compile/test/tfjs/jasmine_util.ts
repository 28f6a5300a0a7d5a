import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { begin, end } from './backend.js';

type Declare = (name: string, body: () => void) => void;

/** Where the tests find Jasmine's functions. */
const globals = globalThis as typeof globalThis & { it: Declare; jasmine: object };
globals.jasmine = {};

interface Constraints {
  readonly predicate?: (environment: { readonly isDataSync: boolean }) => boolean;
}

export const ALL_ENVS: Constraints = {};
export const NODE_ENVS: Constraints = {};
/** onnxruntime computes asynchronously. */
export const SYNC_BACKEND_ENVS: Constraints = { predicate: ({ isDataSync }) => isDataSync };
export const BROWSER_ENVS: Constraints = { predicate: () => false };
export const CHROME_ENVS = BROWSER_ENVS;

/** Stands in for tfjs-core's function of this name: its tests, each on an empty recording, but for the excluded ones. */
export function describeWithFlags(name: string, { predicate }: Constraints, tests: () => void): void {
  if ((predicate && !predicate({ isDataSync: false })) || isExcluded(name)) return;
  describe(name, () => {
    beforeEach(begin);
    afterEach(end);
    const all = globals.it;
    globals.it = filtered(name, all);
    try {
      tests();
    } finally {
      globals.it = all;
    }
  });
}

const excluded: readonly RegExp[] = [
  // Dtypes and operations that a trace refuses by name.
  /string/i,
  /complex|upcasts when dtypes dont match/i,
  /^squeeze (default|specific dimension|all ones|squeeze only ones)$/,
  /^atan2$/,
  /batch ?dims/i,
  /^prod gradients/,
  // Functions of real numbers, given int32.
  /^(exp|leakyrelu|prelu basic) int32$/,
  // Order of values that are no numbers, or the last digits of a large angle, differ in onnxruntime.
  /^arg(max|min) ignores NaNs$/,
  /^(max|min) return NaNs$/,
  /^tan numbers exceed float32 precision$/,
  // Indices are known, and refused, only when the graph runs.
  /^gather .*out of bound/,
  // Methods whose operation takes a list or another order: not ours to test.
  /^(concat\dd|where) .*Chained|^stack chain api$/,
  // Nothing is allocated.
  /no mem leak$/,
];

const isExcluded = (name: string) => excluded.some((pattern) => pattern.test(name));

/** Declares tests, but for the excluded ones. */
const filtered =
  (suite: string, declare: Declare): Declare =>
  (name, body) => {
    if (!isExcluded(`${suite.trim()} ${name}`)) declare(name, body);
  };

// Jasmine's way to say that a test has no expectations of its own.
expect.extend({ nothing: () => ({ pass: true, message: () => '' }) });

// The Node build of tfjs-core leaves out the methods that call operations, such as `x.square()`.
const methods = tf.Tensor.prototype as unknown as Record<string, unknown>;
const reshaped: Record<string, (x: tf.Tensor, ...sizes: number[]) => tf.Tensor> = {
  asScalar: (x) => tf.reshape(x, []),
  as2D: (x, rows, columns) => tf.reshape(x, [rows!, columns!]),
  flatten: (x) => tf.reshape(x, [-1]),
  toFloat: (x) => tf.cast(x, 'float32'),
  toInt: (x) => tf.cast(x, 'int32'),
};
const operations = { ...tf, ...reshaped, asType: tf.cast };
for (const [name, operation] of Object.entries(operations)) {
  if (typeof operation !== 'function' || name in methods) continue;
  methods[name] = function (this: tf.Tensor, ...options: unknown[]) {
    return (operation as (...all: unknown[]) => unknown)(this, ...options);
  };
}
