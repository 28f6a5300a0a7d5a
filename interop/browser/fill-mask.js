// Exported models in Node and in a browser: transformers.js's fill-mask pipeline, by the code that `mlm export` prints, must
// give the tokens and probabilities that `mlm fill` gives. Ends with "N passed, N failed".
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from '../../examples/browser/test/serve.js';

const sentences = [
  'In the beginning God created the [MASK] and the earth.',
  'And the evening and the [MASK] were the first day.',
  'He went [MASK] to the city.',
];
const topK = 5;
const tolerance = 1e-4;
/** In a browser transformers.js takes q8 by itself, whose weights are rounded to 8 bits. */
const quantizedTolerance = 0.05;

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

/**
 * What is exported: a checkpoint of each family, and BERT's with as much of a tokenizer as people's folders have. `keep` are
 * the tokenizer's files that stay, and `config` a tokenizer_config.json of the kind that older programs wrote. Families that
 * come with another kind of tokenizer have a small one of it, and its mask token; the others BERT's.
 */
const cases = [
  { name: 'web', model: 'bert-tiny' },
  { name: 'vocab-alone', model: 'bert-tiny', keep: ['vocab.txt'] },
  { name: 'json-alone', model: 'bert-tiny', keep: ['tokenizer.json'] },
  {
    name: 'old-config',
    model: 'bert-tiny',
    keep: ['tokenizer.json'],
    config: { do_lower_case: true, model_max_length: 512 },
  },
  { name: 'roberta', model: 'roberta-tiny', tokenizer: 'pipeline/roberta.json', mask: '<mask>' },
  { name: 'xlm-roberta', model: 'xlm-roberta-tiny', tokenizer: 'native/xlm-r.json', mask: '<mask>' },
  { name: 'camembert', model: 'camembert-tiny', tokenizer: 'native/camembert.json', mask: '<mask>' },
  { name: 'distilbert', model: 'distilbert-tiny' },
  { name: 'modernbert', model: 'modernbert-tiny', tokenizer: 'native/modernbert.json' },
  { name: 'electra', model: 'electra-tiny-generator' },
  { name: 'albert', model: 'albert-tiny', tokenizer: 'native/albert-v2.json' },
];

/** What a page or a program asks: the sentences with the tokenizer's own mask token. */
const ask = (mask = '[MASK]') => `const answers = [];
for (const text of ${JSON.stringify(sentences.map((sentence) => sentence.replace('[MASK]', mask)))}) answers.push(await fill(text, { top_k: ${topK} }));
`;

try {
  writeText();
  const filled = new Map();
  const made = cases.map(({ name, model, keep, config, tokenizer, mask }) => {
    const checkpoint = trained(model, tokenizer);
    if (keep) keepFiles(checkpoint, name, keep, config);
    const source = keep ? `${name}-checkpoint` : checkpoint;
    // The lines of code that the command prints are run as they are.
    const printed = run('export', source, name).toString().split('\n');
    const snippet = printed.flatMap((line) => (line.startsWith('  ') ? [line.slice(2)] : [])).join('\n');
    const expected = filled.get(checkpoint) ?? answersOf(checkpoint);
    filled.set(checkpoint, expected);
    return { name, snippet: `${snippet}\n${ask(mask)}`, expected };
  });
  const [exact] = made;
  const fp32 = {
    ...exact,
    name: 'fp32',
    snippet: exact.snippet.replace("'web/'", "'web/', { dtype: 'fp32' }"),
  };
  const inBrowser = await fillInBrowser([...made, fp32]);
  compare('web as fp32, Chromium', fp32.expected, inBrowser.get('fp32'));
  for (const { name, snippet, expected } of made) {
    compare(`${name}, Node`, expected, fillInNode(name, snippet));
    compareQuantized(`${name}, Chromium`, expected, inBrowser.get(name));
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

function writeText() {
  const text = sentences.map((sentence) => sentence.replace('[MASK]', 'heaven')).join('\n\n');
  writeFileSync(join(work, 'text.txt'), `${text}\n\n`.repeat(200));
}

/** The masked rows that a model with this tokenizer learns from. */
function datasetOf(tokenizer) {
  const dataset = `text-${tokenizer?.replace(/\W/g, '-')}.arrow`;
  if (existsSync(join(work, dataset))) return dataset;
  const own = tokenizer ? ['--tokenizer', completeTokenizer(tokenizer)] : [];
  run('preprocess', 'text.txt', dataset, '--sequence-length', '32', '--quiet', ...own);
  return dataset;
}

/** A tokenizer of the fixtures that puts [CLS] and [SEP] around a text, as people's do. */
function completeTokenizer(name) {
  const file = new URL(`../../packages/tokenize/fixtures/${name}`, import.meta.url);
  const json = JSON.parse(readFileSync(file, 'utf8'));
  const tokenOf = (names) => json.added_tokens.find(({ content }) => names.includes(content));
  const [cls, sep] = [tokenOf(['[CLS]', '<s>']), tokenOf(['[SEP]', '</s>'])];
  const special = ({ id, content }) => ({ id: content, ids: [id], tokens: [content] });
  const place = ({ content }) => ({ SpecialToken: { id: content, type_id: 0 } });
  const single = [place(cls), { Sequence: { id: 'A', type_id: 0 } }, place(sep)];
  json.post_processor ??= {
    type: 'TemplateProcessing',
    single,
    pair: [...single, { Sequence: { id: 'B', type_id: 0 } }, place(sep)],
    special_tokens: { [cls.content]: special(cls), [sep.content]: special(sep) },
  };
  const path = join(work, `${name.replace(/\W/g, '-')}.json`);
  writeFileSync(path, JSON.stringify(json));
  return path;
}

/** A few steps on a few hundred sentences: enough that the weights are not the initial ones. */
function trained(model, tokenizer) {
  if (existsSync(join(work, model))) return model;
  const steps = ['--max-steps', '20', '--batch-size', '8', '--learning-rate', '1e-3'];
  run('train', datasetOf(tokenizer), '--model', model, ...steps, '--output', model, '--quiet');
  return model;
}

/** What `mlm fill` answers, text by text. */
function answersOf(checkpoint) {
  const lines = run('fill', checkpoint, ...sentences, '--top-k', String(topK), '--json').toString();
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Copies a checkpoint with some of its tokenizer's files alone. */
function keepFiles(checkpoint, name, keep, config) {
  const folder = join(work, `${name}-checkpoint`);
  mkdirSync(folder);
  for (const file of ['config.json', 'model.safetensors', ...keep])
    copyFileSync(join(work, checkpoint, file), join(folder, file));
  if (config) writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
}

/** The answers of the printed code in Node, or what went wrong. */
function fillInNode(name, snippet) {
  const packages = join(work, 'node_modules', '@huggingface');
  mkdirSync(packages, { recursive: true });
  const link = join(packages, 'transformers');
  if (!existsSync(link)) symlinkSync(join(dirname(require.resolve('@huggingface/transformers')), '..'), link);
  const file = join(work, `${name}.mjs`);
  writeFileSync(file, `${snippet}\nconsole.log(JSON.stringify(answers));\n`);
  try {
    const output = execFileSync(process.execPath, [file], { cwd: work, stdio: ['ignore', 'pipe', 'pipe'] });
    return JSON.parse(output.toString().trim().split('\n').at(-1));
  } catch (error) {
    return String(error.stderr ?? error);
  }
}

/** Serves the exports, transformers.js and onnxruntime-web on the loopback, and asks a page for each for its answers. */
async function fillInBrowser(made) {
  const folders = {
    '/transformers/': dirname(require.resolve('@huggingface/transformers')),
    '/ort/': dirname(require.resolve('onnxruntime-web')),
    '/': work,
  };
  const types = {
    '.js': 'text/javascript',
    '.mjs': 'text/javascript',
    '.json': 'application/json',
    '.wasm': 'application/wasm',
  };
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    const asked = made.find(({ name }) => path === `/${name}.html`);
    if (asked) return response.setHeader('content-type', 'text/html').end(page(asked.snippet));
    const [prefix, folder] = Object.entries(folders).find(([start]) => path.startsWith(start)) ?? [];
    try {
      const body = readFileSync(join(folder, path.slice(prefix.length)));
      response.setHeader('content-type', types[extname(path)] ?? 'application/octet-stream').end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  const browser = await launch();
  const answers = new Map();
  try {
    for (const { name } of made) {
      const tab = await browser.newPage();
      const wrong = new Promise((fail) => tab.on('pageerror', ({ message }) => fail(message)));
      await tab.goto(`http://127.0.0.1:${server.address().port}/${name}.html`);
      const given = tab.waitForFunction(() => window.answers, undefined, { timeout: 120_000 });
      const found = given.then((handle) => handle.jsonValue()).catch((error) => String(error));
      answers.set(name, await Promise.race([found, wrong]));
      await tab.close();
    }
    return answers;
  } finally {
    await browser.close();
    server.close();
  }
}

/** A page of the printed code. Where onnxruntime's files are is all that it is told before: there is no network here. */
function page(snippet) {
  return `<!doctype html><script type="importmap">{"imports": {
    "@huggingface/transformers": "/transformers/transformers.web.js",
    "onnxruntime-web/webgpu": "/ort/ort.wasm.bundle.min.mjs",
    "onnxruntime-web": "/ort/ort.wasm.bundle.min.mjs",
    "onnxruntime-common": "/ort/ort.wasm.bundle.min.mjs"
  }}</script><script type="module">
    import { env } from '@huggingface/transformers';
    env.backends.onnx.wasm.wasmPaths = '/ort/';
  </script><script type="module">
${snippet}
    window.answers = answers;
  </script>`;
}

/** @param answers an array of answers a sentence, or a message of what went wrong */
function compare(where, expected, answers) {
  if (typeof answers === 'string') return check(where, false, answers);
  for (const [index, text] of sentences.entries())
    compareSentence(`${where}: "${text}"`, expected[index], answers[index]);
}

/** Answers of a file with weights of 8 bits: the best is among the five, and as probable within 0.05. */
function compareQuantized(where, expected, answers) {
  if (typeof answers === 'string') return check(where, false, answers);
  for (const [index, text] of sentences.entries()) {
    const [best] = expected[index].masks[0].answers;
    const found = answers[index].find(({ token }) => token === best.id);
    check(
      `q8, ${where}: "${text}"`,
      found !== undefined && Math.abs(found.score - best.probability) < quantizedTolerance,
      `${JSON.stringify(answers[index].map(({ token_str, score }) => [token_str, score]))} against ${JSON.stringify(best)}`,
    );
  }
}

function compareSentence(text, expected, answer) {
  const ours = expected.masks[0].answers;
  check(
    `top ${topK} tokens, ${text}`,
    answer.length === topK && answer.every((entry, rank) => entry.token === ours[rank]?.id),
    `${JSON.stringify(answer.map((entry) => entry.token_str))} against ${JSON.stringify(ours.map((entry) => entry.token))}`,
  );
  check(
    `probabilities, ${text}`,
    answer.every(
      (entry, rank) => Math.abs(entry.score - (ours[rank]?.probability ?? Number.NaN)) < tolerance,
    ),
    `${JSON.stringify(answer.map((entry) => entry.score))} against ${JSON.stringify(ours.map((entry) => entry.probability))}`,
  );
}
