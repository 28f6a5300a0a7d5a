import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { EngineOptions } from './compile-model.js';

/**
 * Free bytes of a device's memory; `undefined` if unknown. On the CPU: what the system can give without swapping, or
 * what a container's limit leaves, whichever is less.
 */
export async function freeMemory(device: EngineOptions['device']): Promise<number | undefined> {
  if (device === 'cpu') return process.availableMemory();
  if (device !== 'cuda') return undefined;
  const query = ['--query-gpu=memory.free', '--format=csv,noheader,nounits'];
  const { stdout } = await promisify(execFile)('nvidia-smi', query).catch(() => ({ stdout: '' }));
  const mebibytes = Number.parseInt(stdout, 10);
  return Number.isNaN(mebibytes) ? undefined : mebibytes * 2 ** 20;
}
