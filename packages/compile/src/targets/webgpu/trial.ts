import { fileURLToPath } from 'node:url';
import { InputError, mention, say } from '@mlm/base/errors';
import { entryPoint, lastWords, reportedParts, runCommand } from '@mlm/base/spawn';

const passed = new Set<string>();

/**
 * Starts a device in a separate process before this process uses it: Dawn prints stack traces at any log level, and a
 * crashing driver ends its process.
 *
 * @throws InputError if the device does not start
 */
export async function tryDevice(device: string): Promise<void> {
  if (passed.has(device)) return;
  const script = fileURLToPath(entryPoint(import.meta.url, './trial-process.js'));
  const result = await runCommand(process.execPath, [script, device]);
  if (!result.stdout.includes('started')) {
    const said = reportedParts(result) ?? [lastWords(result, 1)];
    throw new InputError(
      result.code === null ? say`${mention('device', device)}: its driver crashed: ${said}` : said,
    );
  }
  passed.add(device);
}
