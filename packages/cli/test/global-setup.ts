import { spawnSync } from 'node:child_process';
import { launcher } from './run-mlm.js';

/** Lets the launcher rebuild once, if anything is stale, before tests start it many times at once. */
export default function setup(): void {
  const { status, stderr } = spawnSync(process.execPath, [launcher, '--version'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
