import { BACKEND_NAME } from './recording.js';

/** What does the same in operations that a trace knows, by tfjs's name of the kernel. */
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

/** tfjs's error about a kernel that no rule records, in the words of who compiles a function; any other stays. */
export function explainMissingKernel(error: unknown): unknown {
  const name = error instanceof Error && notRegistered.exec(error.message)?.[1];
  if (!name) return error;
  const instead = alternatives[name] ?? 'operations that are';
  return new Error(
    `the operation ${name} is not supported in compiled functions: use ${instead}, or the target 'eager'`,
    { cause: error },
  );
}
