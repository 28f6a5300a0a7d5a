import { defineConfig } from 'vitest/config';

/** The lane that needs TensorFlow (`interop/tensorflow/run`): it fails where TensorFlow is not set up. */
export default defineConfig({
  test: {
    globalSetup: '../../vitest.temporary.ts',
    include: ['test/tensorflow/**/*.lane.ts'],
    testTimeout: 300_000,
    // TensorFlow reads threads and devices from the environment when a process loads it.
    pool: 'forks',
    maxWorkers: 1,
  },
});
