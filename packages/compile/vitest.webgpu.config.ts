import { defineConfig } from 'vitest/config';

/** The lane that needs a WebGPU device, or SwiftShader in its place (`interop/webgpu/run`): it fails without one. */
export default defineConfig({
  test: {
    globalSetup: '../../vitest.temporary.ts',
    include: ['test/webgpu/**/*.lane.ts'],
    testTimeout: 300_000,
    pool: 'forks',
    maxWorkers: 1,
  },
});
