import { fileURLToPath } from 'node:url';
import { runProcess } from './process.js';

const program = fileURLToPath(new URL('../../packages/cli/bin/mlm.js', import.meta.url));

/**
 * Runs `mlm` with `--json` among its arguments.
 * @param {...string} args
 * @returns {Promise<any>} the object on its last line
 */
export async function runMlm(...args) {
  const { stdout } = await runProcess(process.execPath, [program, ...args]);
  return JSON.parse(/** @type {string} */ (stdout.trim().split('\n').at(-1)));
}
