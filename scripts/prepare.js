// Builds the packages after an install, so that `npx -y pnpm@… mlm` works on a fresh clone.
// The launcher builds what is stale and notes that it did, so the command that follows does not build again.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../packages/cli/bin/mlm.js', import.meta.url));
const { status } = spawnSync(process.execPath, [launcher, '--version'], {
  stdio: ['ignore', 'ignore', 'inherit'],
});
process.exit(status ?? 1);
