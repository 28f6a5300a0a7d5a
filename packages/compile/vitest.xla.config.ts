import { defineConfig } from 'vitest/config';

/** The lane that needs a PJRT plugin (`interop/xla/run`): MLM_PJRT_PLUGIN names it. */
export default defineConfig({
  test: {
    globalSetup: '../../vitest.temporary.ts',
    include: ['test/xla/**/*.lane.ts'],
    env: { MLM_CACHE: 'off' },
    testTimeout: 300_000,
    // XLA:CPU sizes its pool of threads when a process opens it.
    pool: 'forks',
    maxWorkers: 1,
  },
});
