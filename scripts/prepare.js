// Builds the packages after an install, so that `npx -y pnpm@… mlm` works on a fresh clone.
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('pnpm', ['run', 'build', '--output-logs=errors-only'], {
  stdio: 'inherit',
  shell: true,
});
process.exit(status ?? 1);
