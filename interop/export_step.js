// Writes a small training step, traced from tfjs code, as an ONNX file.  node export_step.js FILE
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { toOnnx, trace } from '../packages/compile/dist/index.js';

const tf = createRequire(new URL('../packages/compile/package.json', import.meta.url))(
  '@tensorflow/tfjs-core',
);

const graph = trace(
  ({ weight }, { x, y }) => {
    const { value: loss, grads } = tf.variableGrads(() =>
      tf.mean(tf.square(tf.sub(tf.tanh(tf.matMul(x, weight)), y))),
    );
    weight.assign(tf.sub(weight, tf.mul(grads.weight, 0.1)));
    return { loss };
  },
  {
    variables: { weight: { shape: [3, 2] } },
    inputs: {
      x: { shape: ['batch', 3], dtype: 'float32' },
      y: { shape: ['batch', 2], dtype: 'float32' },
    },
  },
);
writeFileSync(process.argv[2], toOnnx(graph));
