// tfjs-core publishes its gradient definitions as modules that Node cannot resolve, and leaves them out of its Node
// build; only the union package @tensorflow/tfjs (300 MB installed) registers them. One file is bundled from them here.
// tfjs keeps its engine and registries in globals, so the bundle registers into the tfjs-core that the program uses.
import { createRequire } from 'node:module';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const bundle = await rolldown({
  input: require.resolve('@tensorflow/tfjs-core/dist/register_all_gradients.js'),
  platform: 'node',
  logLevel: 'silent',
  external: [/^node:/, 'util', 'crypto', 'worker_threads', 'node-fetch', 'long', 'seedrandom'],
});
await bundle.write({ file: new URL('../dist/tfjs-gradients.cjs', import.meta.url).pathname, format: 'cjs' });
await bundle.close();
