import { defineConfig } from 'vitest/config';

/** The tests that need a plugin: MLM_PJRT_PLUGIN names the CPU's, which `interop/xla/run` downloads. */
export default defineConfig({
  test: {
    globalSetup: '../../vitest.temporary.ts',
    include: ['test/**/*.lane.ts'],
    testTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
