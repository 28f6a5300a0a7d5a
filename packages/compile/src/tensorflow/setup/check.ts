import { InputError } from '../../error.js';
import { type EngineProbe, probeEngine } from '../../probe/probe.js';

/**
 * Tries the TensorFlow that was set up in a folder, as `mlm doctor` does: a matrix product and training steps, in a
 * process of its own.
 *
 * @throws InputError when it does not load, computes something wrong or crashes
 */
export async function checkTensorflow(folder: string): Promise<EngineProbe> {
  const env = { ...process.env, MLM_TENSORFLOW_HOME: folder };
  const probe = await probeEngine({ target: 'tensorflow', device: 'cpu' }, undefined, env);
  if (!probe.works) throw new InputError(`the check of TensorFlow failed: ${probe.error}`);
  return probe;
}
