import { fileURLToPath } from 'node:url';
import { InputError, mention, say } from '@mlm/base/errors';
import { entryPoint, lastWords, reportedParts, runCommand } from '@mlm/base/spawn';

const passed = new Set<string>();

/**
 * Starts a device once in a separate process before using it in this one: Dawn writes its stack traces past every log
 * level, and a driver that crashes takes its process along.
 *
 * @throws InputError when the device does not start
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
