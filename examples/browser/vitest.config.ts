import { defineConfig } from 'vitest/config';

/** Runs where Chromium is installed, as the lane `examples/browser/run` sees to. */
export default defineConfig({
  test: { include: ['test/**/*.lane.ts'], testTimeout: 600_000, hookTimeout: 600_000, maxWorkers: 1 },
});
