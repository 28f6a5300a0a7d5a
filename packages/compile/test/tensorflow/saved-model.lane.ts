import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadTfjsNode } from '../../src/targets/tensorflow/load-tfjs-node.js';
import { RUN_SIGNATURE, SERVING_TAG, toSavedModel } from '../../src/targets/tensorflow/saved-model.js';
import { trace } from '../../src/trace/trace.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-saved-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

const graph = trace(
  ({ sum, runs }, { x }) => {
    sum!.assign(tf.add(sum!, x!));
    runs!.assign(tf.add(runs!, tf.scalar(1, 'int32')));
    return { sum: tf.clone(sum!), runs: tf.clone(runs!) };
  },
  {
    variables: { sum: { shape: [2] }, runs: { shape: [], dtype: 'int32' } },
    inputs: { x: { shape: [2], dtype: 'float32' } },
  },
);

test('a file with values runs at once in Python’s TensorFlow and in tfjs-node; what has none starts at zero', async () => {
  await writeFile(
    join(folder, 'saved_model.pb'),
    toSavedModel(graph, { values: { sum: Float32Array.of(10, 20) } }),
  );
  const script = fileURLToPath(new URL('load_in_python.py', import.meta.url));
  // interop/tensorflow/run names an interpreter that has requirements.txt of this folder.
  const python = process.env.MLM_TEST_PYTHON ?? 'python3';
  const { stdout } = await promisify(execFile)(python, [script, folder]);
  const results: unknown[] = JSON.parse(stdout.trim().split('\n').at(-1)!);
  expect(results).toMatchObject([{ sum: [11, 22] }, { sum: [12, 24] }]);

  const node = await loadTfjsNode({ threads: 2 });
  await node.setBackend('tensorflow');
  const signature = await node.node.loadSavedModel(folder, [SERVING_TAG], RUN_SIGNATURE);
  const first = signature.predict({ x: tf.tensor1d([1, 2]) });
  expect(first.sum!.dataSync()).toEqual(Float32Array.of(11, 22));
  signature.dispose();
});

test('a value of another length is refused', () => {
  expect(() => toSavedModel(graph, { values: { sum: Float32Array.of(1) } })).toThrow(
    "the variable 'sum' holds 2 values, not 1",
  );
});
