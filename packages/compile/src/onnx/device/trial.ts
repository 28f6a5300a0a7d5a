import { fileURLToPath } from 'node:url';
import { InputError } from '@mlm/base/errors';
import { lastWords, runCommand } from '../../tensorflow/setup/command.js';

const passed = new Set<string>();

/**
 * Starts a device once in a process of its own, before it is used here: Dawn writes its stack traces past every log
 * level, and a driver that crashes takes its process along.
 *
 * @throws InputError when the device does not start
 */
export async function tryDevice(device: string): Promise<void> {
  if (passed.has(device)) return;
  // From sources (tests) the compiled script in dist is run; src and dist have the same depth.
  const script = fileURLToPath(new URL('./trial-process.js', import.meta.url)).replace('/src/', '/dist/');
  const result = await runCommand(process.execPath, [script, device]);
  if (!result.stdout.includes('started')) {
    const crashed = result.code === null ? `--device ${device}: its driver crashed: ` : '';
    throw new InputError(crashed + lastWords(result, 1));
  }
  passed.add(device);
}
