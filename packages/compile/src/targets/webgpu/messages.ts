import { InputError, mention, say } from '@mlm/base/errors';
import { OutOfMemoryError } from '../../error.js';
import { webgpuDriverCommand } from './commands.js';

const noAdapter = /Failed to get a WebGPU adapter|No supported adapters/;

const outOfMemory = /out of memory|OutOfDeviceMemory|Failed to allocate/i;

/**
 * Turns a GPU's error into one line that says what to do; returns any other error as it is.
 *
 * @param rows rows of the step that was run; undefined while weights are copied to the device
 */
export function explainDeviceError(device: string, error: Error, rows?: number): Error {
  if (device === 'cpu' || error instanceof InputError) return error;
  if (outOfMemory.test(error.message)) return new OutOfMemoryError(say`${mention('device', device)}`, rows);
  if (!noAdapter.test(error.message)) return error;
  const command = webgpuDriverCommand();
  const how = command === undefined ? '' : ` (\`${command}\`)`;
  return new InputError(
    say`${mention('device', device)}: no GPU that WebGPU can use was found; install a driver for Vulkan, Metal or Direct3D 12${how}, or use ${mention('device', 'cpu')}`,
  );
}
