import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** All temporary folders of a run are in one, which goes when the run ends, whatever its tests leave behind. */
export default function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'mlm-tests-'));
  chmodSync(folder, 0o755); // some tests run a program as another user
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
