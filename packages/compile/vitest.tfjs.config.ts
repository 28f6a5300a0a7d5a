import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

const stand = (name: string) => fileURLToPath(new URL(`test/tfjs/${name}`, import.meta.url));

/** tfjs-core's own tests of its operations, rerun on graphs that onnxruntime computes (`test/tfjs`). */
export default defineConfig({
  test: {
    ...shared.test,
    include: ['test/tfjs/**/*.suite.ts'],
    // The package's tests expect Jasmine's global functions.
    globals: true,
    server: { deps: { inline: [/tfjs-core\/dist\/ops\/.*_test/] } },
  },
  resolve: {
    alias: [
      // The build that Node loads: one tfjs for the tests and for us.
      { find: /^\.\.\/index$/, replacement: createRequire(import.meta.url).resolve('@tensorflow/tfjs-core') },
      { find: /^\.\.\/jasmine_util$/, replacement: stand('jasmine_util.ts') },
      { find: /^\.\.\/test_util$/, replacement: stand('test_util.ts') },
    ],
  },
});
