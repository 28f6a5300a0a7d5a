import { InputError, mention, say } from '@mlm/base/errors';
import { OutOfMemoryError } from '../../error.js';
import { webgpuDriverCommand } from './commands.js';

const noAdapter = /Failed to get a WebGPU adapter|No supported adapters/;

const outOfMemory = /out of memory|OutOfDeviceMemory|Failed to allocate/i;

/**
 * The error of a GPU as one line that says what to do; an error that is not the device's comes back as it is.
 *
 * @param rows of the step that was run; undefined while weights go to the device
 */
export function explainDeviceError(device: string, error: Error, rows?: number): Error {
  if (device === 'cpu' || error instanceof InputError) return error;
  if (outOfMemory.test(error.message)) return new OutOfMemoryError(say`${mention('device', device)}`, rows);
  if (!noAdapter.test(error.message)) return error;
  const command = webgpuDriverCommand();
  const how = command === undefined ? '' : ` (\`${command}\`)`;
  return new InputError(
    say`${mention('device', device)}: no GPU that WebGPU can use was found: it needs a driver for Vulkan, Metal or Direct3D 12${how}, or use ${mention('device', 'cpu')}`,
  );
}
