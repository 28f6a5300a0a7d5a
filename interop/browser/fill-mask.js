// The exported model in a browser: transformers.js's fill-mask pipeline in headless Chromium must give the tokens and
// probabilities that `mlm fill` gives. Ends with "N passed, N failed".
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const sentences = [
  'In the beginning God created the [MASK] and the earth.',
  'And the evening and the [MASK] were the first day.',
  'He went [MASK] to the city.',
];
const topK = 5;
const tolerance = 1e-4;

const mlm = fileURLToPath(new URL('../../packages/cli/bin/mlm.js', import.meta.url));
const require = createRequire(import.meta.url);
const work = mkdtempSync(join(tmpdir(), 'mlm-browser-'));
const run = (...args) =>
  execFileSync(process.execPath, [mlm, ...args], { cwd: work, env: { ...process.env, INIT_CWD: work } });

let passed = 0;
let failed = 0;
const check = (name, holds, detail = '') => {
  holds ? passed++ : failed++;
  console.log(`${holds ? 'ok' : 'NOT OK'}: ${name}${holds ? '' : ` ${detail}`}`);
};

try {
  const checkpoint = trainTinyModel();
  run('export', checkpoint, 'web', '--quiet');
  const expected = sentences.map((text) =>
    JSON.parse(run('fill', checkpoint, text, '--top-k', String(topK), '--json')),
  );
  const answers = await fillInBrowser();
  for (const [index, text] of sentences.entries()) compare(text, expected[index], answers[index]);
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** A few steps on a few hundred sentences: enough that the weights are not the initial ones. */
function trainTinyModel() {
  const text = sentences.map((sentence) => sentence.replace('[MASK]', 'heaven')).join('\n\n');
  writeFileSync(join(work, 'text.txt'), `${text}\n\n`.repeat(200));
  run('preprocess', 'text.txt', 'text.arrow', '--sequence-length', '32', '--quiet');
  run(
    'train',
    'text.arrow',
    '--model',
    'bert-tiny',
    '--max-steps',
    '20',
    '--batch-size',
    '8',
    '--output',
    'model',
    '--quiet',
  );
  return 'model';
}

/** Serves the export, transformers.js and onnxruntime-web on the loopback, and asks the page for its answers. */
async function fillInBrowser() {
  const folders = {
    '/models/web/': join(work, 'web'),
    '/transformers/': dirname(require.resolve('@huggingface/transformers')),
    '/ort/': dirname(require.resolve('onnxruntime-web')),
  };
  const types = {
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
    '.json': 'application/json',
    '.wasm': 'application/wasm',
  };
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (path === '/') return response.setHeader('content-type', 'text/html').end(page());
    const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? [];
    try {
      const body = readFileSync(join(folder, path.slice(prefix.length)));
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream').end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const tab = await browser.newPage();
    tab.on('pageerror', (error) => console.log(`page: ${error.message}`));
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    return await tab.evaluate(([texts, k]) => window.fillMask(texts, k), [sentences, topK]);
  } finally {
    await browser.close();
    server.close();
  }
}

function page() {
  return `<!doctype html><script type="importmap">{"imports": {
    "onnxruntime-web/webgpu": "/ort/ort.wasm.bundle.min.mjs",
    "onnxruntime-web": "/ort/ort.wasm.bundle.min.mjs",
    "onnxruntime-common": "/ort/ort.wasm.bundle.min.mjs"
  }}</script><script type="module">
    import { env, pipeline } from '/transformers/transformers.web.js';
    env.allowRemoteModels = false;
    env.allowLocalModels = true;
    env.localModelPath = '/models/';
    env.backends.onnx.wasm.wasmPaths = '/ort/';
    env.backends.onnx.wasm.numThreads = 1;
    const loaded = pipeline('fill-mask', 'web', { dtype: 'fp32', device: 'wasm' });
    window.fillMask = async (texts, k) => {
      const fill = await loaded;
      const answers = [];
      for (const text of texts) answers.push(await fill(text, { top_k: k }));
      return answers;
    };
  </script>`;
}

function compare(text, expected, answer) {
  const ours = expected.masks[0].answers;
  check(
    `top ${topK} tokens of "${text}"`,
    answer.length === topK && answer.every((entry, rank) => entry.token === ours[rank]?.id),
    `${JSON.stringify(answer.map((entry) => entry.token_str))} against ${JSON.stringify(ours.map((entry) => entry.token))}`,
  );
  check(
    `probabilities of "${text}"`,
    answer.every(
      (entry, rank) => Math.abs(entry.score - (ours[rank]?.probability ?? Number.NaN)) < tolerance,
    ),
    `${JSON.stringify(answer.map((entry) => entry.score))} against ${JSON.stringify(ours.map((entry) => entry.probability))}`,
  );
}
