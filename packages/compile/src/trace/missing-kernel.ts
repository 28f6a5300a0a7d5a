import { BACKEND_NAME } from './recording.js';

/** What to write instead of operations that cannot be traced, by tfjs's name of their kernel. */
const alternatives: Readonly<Record<string, string>> = {
  _FusedMatMul: 'tf.matMul, then tf.add for the bias and the activation',
  AddN: 'tf.add',
  DenseBincount: 'tf.sum over tf.oneHot',
  Einsum: 'tf.transpose, tf.reshape and tf.matMul',
  FusedBatchNorm: 'tf.moments, tf.sub, tf.rsqrt, tf.mul and tf.add',
  LinSpace: 'tf.range, tf.mul and tf.add',
  MirrorPad: 'tf.concat of tf.slice and tf.reverse',
  Multinomial: 'random numbers passed in as an input',
  SparseToDense: 'tf.scatterND',
  StridedSlice: 'tf.slice and tf.gather',
};

const notRegistered = new RegExp(`^Kernel '(.+)' not registered for backend '${BACKEND_NAME}'`);

/**
 * Turns tfjs's error about an unregistered kernel into one that names an alternative; returns any other error as it is.
 */
export function explainMissingKernel(error: unknown): unknown {
  const name = error instanceof Error && notRegistered.exec(error.message)?.[1];
  if (!name) return error;
  const instead = alternatives[name] ?? 'supported operations';
  return new Error(
    `the operation ${name} is not supported in compiled functions; use ${instead}, or the engine 'eager'`,
    { cause: error },
  );
}
