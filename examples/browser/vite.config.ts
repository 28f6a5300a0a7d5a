import { cpSync, createReadStream, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';

/** onnxruntime's WebAssembly, which it loads by name at run time, beside the page. */
const runtimeFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'));
const runtimeFiles = /^ort-wasm-simd-threaded(\.asyncify)?\.(mjs|wasm)$/;

function onnxRuntimeFiles(): Plugin {
  let outDir = '';
  return {
    name: 'onnxruntime-files',
    configResolved({ root, build }) {
      outDir = join(root, build.outDir);
    },
    configureServer({ middlewares }) {
      middlewares.use('/ort', ({ url = '' }, response, next) => {
        const name = basename(url.replace(/\?.*$/, ''));
        const file = join(runtimeFolder, name);
        if (!runtimeFiles.test(name) || !existsSync(file)) return next();
        response.setHeader('content-type', name.endsWith('.mjs') ? 'text/javascript' : 'application/wasm');
        createReadStream(file).pipe(response);
      });
    },
    closeBundle() {
      cpSync(runtimeFolder, join(outDir, 'ort'), {
        recursive: true,
        filter: (path) => path === runtimeFolder || runtimeFiles.test(basename(path)),
      });
    },
  };
}

export default defineConfig({
  // Works from any folder of a static server.
  base: './',
  plugins: [onnxRuntimeFiles()],
  // The build of onnxruntime-web that leaves its WebAssembly where the plugin puts it.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  build: { target: 'es2022', chunkSizeWarningLimit: 2000, assetsInlineLimit: 0 },
  worker: { format: 'es' },
});
