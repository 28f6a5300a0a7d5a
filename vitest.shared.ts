import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Vitest settings shared by every package: tests stand beside what they test, built files are left out. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/dist/**', '**/node_modules/**'],
    setupFiles: [fileURLToPath(new URL('./vitest.setup.ts', import.meta.url))],
    globalSetup: [fileURLToPath(new URL('./vitest.temporary.ts', import.meta.url))],
    // Tests keep nothing in the user's folders.
    env: { MLM_CACHE: 'off' },
    testTimeout: 300_000,
    hookTimeout: 300_000,
    maxWorkers: 2,
  },
});
