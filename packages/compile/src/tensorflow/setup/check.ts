import { fileURLToPath } from 'node:url';
import { InputError } from '../../error.js';
import { lastWords, runCommand } from './command.js';

/** What the check measured on the freshly linked TensorFlow. */
export interface TensorflowCheck {
  /** Device the operations ran on. */
  device: 'cpu' | 'cuda';
  /** Rate of a 1024 × 1024 float32 matrix product. */
  matmul_gflops: number;
  /** Loss of a small least-squares problem before and after one gradient step. */
  training_step: { before: number; after: number };
  milliseconds: number;
}

/**
 * Runs a 1024 × 1024 matmul and one training step in a process of its own, so that a crash of the native library
 * becomes a message.
 *
 * @throws InputError when TensorFlow does not load, computes something wrong or crashes.
 */
export async function checkTensorflow(folder: string, device: 'cpu' | 'cuda'): Promise<TensorflowCheck> {
  // From sources (tests) the compiled script in dist is run; src and dist have the same depth.
  const script = fileURLToPath(new URL('./check_process.js', import.meta.url)).replace('/src/', '/dist/');
  const result = await runCommand(process.execPath, [script, folder, device]);
  const line = result.stdout.split('\n').find((text) => text.startsWith('{'));
  if (result.code !== 0 || !line) {
    throw new InputError(
      `the check of TensorFlow failed: ${lastWords(result, 2) || `exit code ${result.code}`}`,
    );
  }
  return JSON.parse(line) as TensorflowCheck;
}
