// What is damaged: each format has whole inputs to begin with, a way to damage them, and a way to read the result as the
// command line does.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { listColumn, openDataset } from '../../packages/arrow/dist/index.js';
import { elementCount } from '../../packages/base/dist/shape.js';
import { applyConfig } from '../../packages/cli/dist/options/config.js';
import { createProgram } from '../../packages/cli/dist/program.js';
import {
  listFiles,
  loadTokenizer,
  preprocess,
  textFiles,
  unitTexts,
} from '../../packages/tokenize/dist/index.js';
import { readModel } from '../../packages/train/dist/checkpoint/checkpoint.js';
import { readSafetensors, writeSafetensors } from '../../packages/train/dist/checkpoint/safetensors.js';
import { readState } from '../../packages/train/dist/checkpoint/state.js';
import { mutateBytes, mutateJson } from './mutate.js';

const fixtures = new URL('../../packages/tokenize/fixtures/', import.meta.url);
const fixture = (name) => readFileSync(new URL(name, fixtures));
const seedFile = (name) => readFileSync(new URL(`seeds/${name}`, import.meta.url));
const text =
  'The ferry left at dawn.\nNobody on the pier saw it go.\n\nA second document, café and Größe.\n'.repeat(20);
const records = text
  .split('\n')
  .filter(Boolean)
  .map((line, id) => JSON.stringify({ text: line, id }));

/** A folder of this process's own. */
export const folder = await mkdtemp(join(tmpdir(), 'mlm-fuzz-'));
process.on('exit', () => rm(folder, { recursive: true, force: true }));

/** Reads all rows of a dataset, as inspect, verify and train do. */
async function readDataset(path) {
  const dataset = await openDataset(path, { verify: true });
  try {
    for (const split of [dataset, dataset.validation]) {
      if (!split) continue;
      for await (const batch of split)
        for (const { name } of batch.schema.fields)
          if (['input_ids', 'labels', 'attention_mask'].includes(name)) listColumn(batch, name);
    }
  } finally {
    await dataset.close();
  }
}

/** The text that preprocess and vocab see. */
async function readText(path, textField) {
  const parts = [];
  for await (const part of unitTexts(textFiles(await listFiles([path]), { textField }), { textField }))
    parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

/** A text format: with a checksum, other text than the seed's is a failure. */
function texts(extension, seeds, { mutate = mutateBytes, hasChecksum = false, textField = 'text' } = {}) {
  const path = join(folder, `in.${extension}`);
  return {
    weight: 3,
    mutate,
    seeds: async () => seeds(),
    async read(bytes, seed) {
      writeFileSync(path, bytes);
      const found = await readText(path, textField);
      if (!hasChecksum || seed === undefined) return;
      writeFileSync(path, seed);
      const whole = await readText(path, textField);
      // A file may consist of several members; leaving out or doubling whole ones is no damage that a checksum shows.
      if (found !== '' && found.replaceAll(whole, '') !== '')
        throw new Error('other text than what the checksum is of');
    },
  };
}

let folders = 0;

/** A file among others in a folder that is read as a whole. */
function inFolder(name, { others = {}, seeds, read, mutate = mutateJson, weight = 1 }) {
  const own = join(folder, `folder-${folders++}`);
  let ready;
  return {
    weight,
    mutate,
    seeds,
    async read(bytes) {
      ready ??= (async () => {
        await mkdir(own, { recursive: true });
        for (const [other, content] of Object.entries(others)) await writeFile(join(own, other), content);
      })();
      await ready;
      writeFileSync(join(own, name), bytes);
      await read(own);
    },
  };
}

async function readTokenizer(path) {
  const tokenizer = await loadTokenizer(path);
  const encoder = tokenizer.encoder();
  const { ids } = encoder.encode(Buffer.from(text.slice(0, 300)), { document: 'blank-line' });
  for (const id of ids)
    if (!(Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize))
      throw new Error(`id ${id} of ${tokenizer.vocabularySize}`);
}

const dataset =
  (name, options = {}) =>
  async () => {
    const input = join(folder, 'corpus.txt');
    writeFileSync(input, text);
    writeFileSync(
      join(folder, 'vocab.txt'),
      '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nferry\nleft\nat\ndawn\na\n.\n##s\n',
    );
    const tokenizer = await loadTokenizer(join(folder, 'vocab.txt'));
    const output = join(folder, name);
    await preprocess({
      inputs: [input],
      output,
      tokenizer,
      sequenceLength: 16,
      workers: 0,
      overwrite: true,
      ...options,
    });
    return output;
  };

const pipelineTokenizer = (...names) =>
  inFolder('tokenizer.json', {
    seeds: async () => names.map((name) => fixture(`pipeline/${name}.json`)),
    read: readTokenizer,
  });

const vocabulary = '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\nferry\nleft\nat\ndawn\na\n.\n##s\n';
const small = {
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 32,
  vocab_size: 13,
};
const state = {
  format_version: 1,
  step: 3,
  epoch: 0,
  batch: 3,
  tokens: 99,
  elapsed_seconds: 1.5,
  best: { step: 2, loss: 3.5 },
  evaluated_step: 2,
  evaluations_without_improvement: 0,
  recipe: { seed: 1, 'batch size': 4 },
};

async function filesOf(path) {
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.(json|arrow)$/.test(name),
  );
}

function datasetFile(pattern, mutate, weight) {
  let path;
  let names;
  let kept;
  const make = async () => {
    path ??= await dataset('out', { evalFraction: 0.3 })();
    names ??= (await filesOf(path)).filter((name) => pattern.test(name)).sort();
    return names.map((name) => readFileSync(join(path, name)));
  };
  return {
    weight,
    mutate,
    seeds: make,
    async read(bytes, seed) {
      kept ??= await make();
      const seeds = kept;
      const index = Math.max(
        0,
        seeds.findIndex((whole) => seed !== undefined && whole.equals(seed)),
      );
      writeFileSync(join(path, names[index]), bytes);
      try {
        await readDataset(path);
      } finally {
        writeFileSync(join(path, names[index]), seeds[index]);
      }
    },
  };
}

/** By name. `weight` is a format's share of a run over all of them. */
export const formats = {
  'arrow-file': {
    weight: 6,
    mutate: mutateBytes,
    seeds: async () => [readFileSync(await dataset('seed.arrow')())],
    async read(bytes) {
      const path = join(folder, 'in.arrow');
      writeFileSync(path, bytes);
      await readDataset(path);
    },
  },
  'arrow-shard': datasetFile(/\.arrow$/, mutateBytes, 3),
  'arrow-stream': {
    weight: 6,
    mutate: mutateBytes,
    seeds: async () => {
      const path = await dataset('stream')();
      return (await filesOf(path))
        .filter((name) => name.endsWith('.arrow'))
        .map((name) => readFileSync(join(path, name)));
    },
    async read(bytes) {
      const path = join(folder, 'in.arrows');
      writeFileSync(path, bytes);
      await readDataset(path);
    },
  },
  sidecars: datasetFile(/\.json$/, mutateJson, 4),
  'arrow-text': texts('arrow', () => ['file', 'stream'].map((name) => fixture(`sources/${name}.arrow`)), {
    textField: 'body',
  }),
  jsonl: texts('jsonl', () => [Buffer.from(records.join('\n'))]),
  json: texts('json', () => [Buffer.from(`[${records.join(',\n')}]`)]),
  csv: texts('csv', () => [
    Buffer.from(
      `id,text\n${records.map((record, i) => `${i},${JSON.stringify(JSON.parse(record).text)}`).join('\n')}`,
    ),
  ]),
  txt: texts('txt', () => [Buffer.from(text)]),
  gz: texts('txt.gz', () => [gzipSync(text)], {
    hasChecksum: true,
  }),
  zst: texts('txt.zst', () => [seedFile('text.txt.zst')], { hasChecksum: true }),
  parquet: texts('parquet', () => ['snappy', 'zstd'].map((name) => fixture(`sources/${name}.parquet`)), {
    textField: 'body',
  }),
  safetensors: {
    weight: 4,
    mutate: mutateBytes,
    seeds: async () => {
      const path = join(folder, 'seed.safetensors');
      await writeSafetensors(path, [
        ['a.weight', { shape: [4, 3], values: new Float32Array(12) }],
        ['b', { shape: [2], values: new Float32Array(2) }],
      ]);
      return [readFileSync(path)];
    },
    async read(bytes) {
      const path = join(folder, 'in.safetensors');
      writeFileSync(path, bytes);
      for (const { shape, values } of (await readSafetensors(path)).values())
        if (elementCount(shape) !== values.length) throw new Error('a tensor of another size than its shape');
    },
  },
  'config.json': inFolder('config.json', {
    weight: 4,
    seeds: async () =>
      ['bert', 'distilbert', 'roberta', 'modernbert'].map((model_type) =>
        Buffer.from(
          JSON.stringify({ model_type, ...small, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 32 }),
        ),
      ),
    async read(own) {
      (await readModel(own)).parameters;
    },
  }),
  'tokenizer-wordpiece': inFolder('tokenizer.json', {
    weight: 2,
    seeds: async () => ['tiny', 'added', 'unclean'].map((name) => fixture(`tokenizers/${name}.json`)),
    read: readTokenizer,
  }),
  'tokenizer-bpe': pipelineTokenizer('roberta', 'modern', 'deberta'),
  'tokenizer-unigram': pipelineTokenizer('albert', 'xlm-roberta'),
  tokenizer_config: inFolder('tokenizer_config.json', {
    others: { 'vocab.txt': vocabulary },
    seeds: async () => [
      Buffer.from(
        JSON.stringify({
          do_lower_case: true,
          tokenizer_class: 'BertTokenizer',
          strip_accents: null,
          tokenize_chinese_chars: true,
          model_max_length: 512,
          added_tokens_decoder: { 4: { content: '[MASK]', special: true } },
        }),
      ),
    ],
    read: readTokenizer,
  }),
  vocab: inFolder('vocab.txt', {
    mutate: mutateBytes,
    seeds: async () => [Buffer.from(vocabulary)],
    read: readTokenizer,
  }),
  trainer_state: inFolder('trainer_state.json', {
    weight: 4,
    seeds: async () => [Buffer.from(JSON.stringify(state))],
    read: readState,
  }),
  config: {
    weight: 4,
    mutate: mutateJson,
    seeds: async () => [
      Buffer.from(
        JSON.stringify({
          seed: 7,
          overwrite: true,
          'mask-probability': 0.3,
          inputs: ['a', 'b'],
          output: 'out.arrow',
        }),
      ),
    ],
    async read(bytes) {
      const path = join(folder, 'options.json');
      writeFileSync(path, bytes);
      const context = {
        stdout: process.stdout,
        stderr: process.stderr,
        env: {},
        signal: AbortSignal.abort(),
      };
      const command = createProgram(context).commands.find((candidate) => candidate.name() === 'preprocess');
      command.setOptionValue('config', path);
      await applyConfig(command);
    },
  },
};
