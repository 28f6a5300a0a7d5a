// What is damaged: each format has whole inputs to begin with, a way to damage them, and a way to read the result as the
// command line does.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
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
import { readMoments, readState } from '../../packages/train/dist/checkpoint/state.js';
import { shardNames } from '../../packages/train/dist/checkpoint/weights.js';
import { readRun } from '../../packages/train/dist/report/run.js';
import { mutateBytes, mutateJson, mutateJsonLines, mutateSafetensors, mutateText } from './mutate.js';

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
async function readText(path, options) {
  const parts = [];
  for await (const part of unitTexts(textFiles(await listFiles([path]), options), options))
    parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

/** Without its bad records, a file has the same text if it has none, and else says how many it has. */
async function readSkipping(path, options, readOrError) {
  let skipped = 0;
  const onSkipped = (_, parts) => {
    skipped += parts.reduce((sum, { records }) => sum + records.length, 0);
  };
  const text = await readText(path, { ...options, onBadRecord: 'skip', onSkipped });
  if (typeof readOrError === 'string' ? skipped > 0 || text !== readOrError : skipped === 0)
    throw new Error(`${skipped} records are skipped, but without that it says: ${readOrError}`);
}

/** A text format: with a checksum, other text than the seed's is a failure. */
function texts(
  extension,
  seeds,
  { mutate = mutateBytes, weight = 3, hasChecksum = false, hasRecords = false, textField = 'text' } = {},
) {
  const path = join(folder, `in.${extension}`);
  return {
    weight,
    mutate,
    seeds: async () => seeds(),
    async read(bytes, seed) {
      writeFileSync(path, bytes);
      const read = readText(path, { textField });
      if (hasRecords) await readSkipping(path, { textField }, await read.catch((error) => error));
      const found = await read;
      if (!hasChecksum || seed === undefined) return;
      writeFileSync(path, seed);
      const whole = await readText(path, { textField });
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

const column = (...names) => names.map((name) => fixture(`sources/columns/${name}`));

/** A gzip member whose header has a name, a comment and a checksum of its own. */
function describedGzip(bytes) {
  const plain = gzipSync(bytes);
  const header = Buffer.concat([plain.subarray(0, 10), Buffer.from('corpus.txt\0a comment\0')]);
  header[3] = 2 + 8 + 16;
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc32(header) & 0xffff);
  return Buffer.concat([header, checksum, plain.subarray(10)]);
}

/** The files of a BPE tokenizer without tokenizer.json. */
function bpeFiles() {
  const { model, added_tokens } = JSON.parse(fixture('pipeline/roberta.json'));
  const merges = model.merges.map((pair) => (Array.isArray(pair) ? pair.join(' ') : pair)).join('\n');
  const config = JSON.stringify({ tokenizer_class: 'RobertaTokenizer' });
  return {
    'vocab.json': JSON.stringify(model.vocab),
    'merges.txt': `#version: 0.2\n${merges}\n`,
    'added_tokens.json': JSON.stringify(
      Object.fromEntries(added_tokens.map(({ content, id }) => [content, id])),
    ),
    'tokenizer_config.json': config,
  };
}

const specialTokens = {
  mask_token: { content: '[MASK]', lstrip: true, rstrip: false, normalized: false, single_word: false },
  unk_token: '[UNK]',
  additional_special_tokens: ['<x>', { content: '<y>', special: true }],
};

/** One of a BPE tokenizer's files, beside the others. */
const bpeFile = (name, mutate) => {
  const { [name]: own, ...others } = bpeFiles();
  return inFolder(name, { others, mutate, seeds: async () => [Buffer.from(own)], read: readTokenizer });
};

/** A file of what an interrupted run leaves; its folder is filled again for each mutant, and the run resumed. */
function interrupted(pattern, mutate) {
  const output = join(folder, `interrupted-${folders++}`);
  const partial = `${output}.partial`;
  const kept = `${output}.kept`;
  const inputs = ['first', 'second', 'third'].map((name) => `${output}-${name}.txt`);
  let name;
  const options = async () => ({
    inputs,
    output,
    tokenizer: await loadTokenizer(join(folder, 'vocab.txt')),
    sequenceLength: 16,
    workers: 0,
  });
  const make = async () => {
    if (name) return;
    await dataset('before.arrow')();
    // Two units of work with few tokens, and then the one that is left to do.
    writeFileSync(inputs[0], `${'x'.repeat(4000)} the ferry\n`.repeat(1100));
    writeFileSync(inputs[1], `${'y'.repeat(4000)} left at dawn\n`.repeat(1100));
    writeFileSync(inputs[2], text);
    const controller = new AbortController();
    let units = 0;
    const onProgress = () => ++units === 2 && controller.abort();
    await preprocess({ ...(await options()), signal: controller.signal, onProgress }).catch((error) => {
      if (error.name !== 'AbortError') throw error;
    });
    await rename(partial, kept);
    name = readdirSync(kept, { recursive: true, encoding: 'utf8' }).find((each) => pattern.test(each));
  };
  return {
    // A mutant takes as long as twenty others.
    weight: 0.1,
    mutate,
    async seeds() {
      await make();
      return [readFileSync(join(kept, name))];
    },
    async read(bytes) {
      await make();
      await rm(output, { recursive: true, force: true });
      await cp(kept, partial, { recursive: true });
      writeFileSync(join(partial, name), bytes);
      try {
        await preprocess({ ...(await options()), resume: true });
        await readDataset(output);
      } finally {
        await rm(partial, { recursive: true, force: true });
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
  'arrow-columns': texts(
    'arrow',
    () =>
      column(
        'lz4.arrow',
        'zstd.arrow',
        'zstd-stream.arrow',
        'lz4-coded.arrow',
        'wide-coded.arrow',
        'unsupported.arrow',
        'unsupported-zstd-stream.arrow',
      ),
    { weight: 2 },
  ),
  'arrow-nested': texts('arrow', () => column('nested.arrow'), { textField: 'meta.text', weight: 1 }),
  jsonl: texts('jsonl', () => [Buffer.from(records.join('\n'))], { hasRecords: true, mutate: mutateText }),
  json: texts(
    'json',
    () => [
      Buffer.from(`[${records.join(',\n')}]`),
      Buffer.from(JSON.stringify(records.map((record) => JSON.parse(record).text))),
      Buffer.from(records.map((record) => JSON.stringify(JSON.parse(record), null, 2)).join('\n')),
    ],
    { hasRecords: true, mutate: mutateText },
  ),
  csv: texts(
    'csv',
    () => [
      Buffer.from(
        `id,text\n${records.map((record, i) => `${i},${JSON.stringify(JSON.parse(record).text)}`).join('\n')}`,
      ),
      Buffer.from(`\ufeff"id";"text";note\r\n${'1;"say ""yes""; then\r\ngo";x\r\n2;plain;\r\n'.repeat(9)}`),
    ],
    { hasRecords: true, mutate: mutateText },
  ),
  tsv: texts('tsv', () => [Buffer.from(`text\tid\n${'One line.\t1\n"Two\tlines"\t2\n'.repeat(9)}`)], {
    hasRecords: true,
    mutate: mutateText,
    weight: 1,
  }),
  txt: texts('txt', () => [Buffer.from(text), Buffer.from(`\ufeff${text.replaceAll('\n', '\r\n')}`)]),
  gz: texts('txt.gz', () => [gzipSync(text), describedGzip(text)], {
    hasChecksum: true,
  }),
  'jsonl.gz': texts('jsonl.gz', () => [gzipSync(records.join('\n'))], { hasChecksum: true, weight: 1 }),
  'jsonl.zst': texts('jsonl.zst', () => [seedFile('records.jsonl.zst')], { hasChecksum: true, weight: 1 }),
  zst: texts('txt.zst', () => [seedFile('text.txt.zst')], { hasChecksum: true }),
  parquet: texts('parquet', () => ['snappy', 'zstd'].map((name) => fixture(`sources/${name}.parquet`)), {
    textField: 'body',
  }),
  'parquet-columns': texts(
    'parquet',
    () =>
      ['none', 'brotli', 'gzip', 'lz4', 'plain', 'delta-byte-array', 'delta-length-byte-array', 'lists']
        .concat(['checked-1', 'checked-2', 'ill-formed'])
        .flatMap((name) => column(`${name}.parquet`)),
    { weight: 3 },
  ),
  'parquet-nested': texts(
    'parquet',
    () => column('nested.parquet', 'nested-checked-1.parquet', 'nested-checked-2.parquet'),
    { textField: 'meta.text', weight: 1 },
  ),
  safetensors: {
    weight: 4,
    mutate: mutateSafetensors,
    seeds: async () => {
      const path = join(folder, 'seed.safetensors');
      await writeSafetensors(path, [
        ['a.weight', { shape: [4, 3], values: new Float32Array(12) }],
        ['b', { shape: [2], values: new Float32Array(2) }],
      ]);
      const header = Object.entries({ F64: 16, F16: 4, BF16: 4, I64: 16, U8: 2 }).map(([dtype, bytes]) => [
        dtype,
        { dtype, shape: [2], bytes },
      ]);
      let end = 0;
      for (const [, entry] of header) {
        entry.data_offsets = [end, end + entry.bytes];
        end += entry.bytes;
        delete entry.bytes;
      }
      const json = Buffer.from(JSON.stringify(Object.fromEntries(header)));
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(json.length));
      return [readFileSync(path), Buffer.concat([length, json, Buffer.alloc(end)])];
    },
    async read(bytes) {
      const path = join(folder, 'in.safetensors');
      writeFileSync(path, bytes);
      for (const { shape, values } of (await readSafetensors(path)).values())
        if (elementCount(shape) !== values.length) throw new Error('a tensor of another size than its shape');
    },
  },
  'optimizer.safetensors': inFolder('optimizer.safetensors', {
    mutate: mutateSafetensors,
    seeds: async () => {
      const path = join(folder, 'moments.safetensors');
      const values = new Float32Array(6);
      const moments = ['exp_avg.a', 'exp_avg_sq.a'].map((name) => [name, { shape: [6], values }]);
      await writeSafetensors(path, moments);
      return [readFileSync(path)];
    },
    read: (own) => readMoments(own, { parameters: [{ name: 'a', shape: [2, 3] }] }),
  }),
  'model.safetensors.index.json': inFolder('model.safetensors.index.json', {
    seeds: async () => [
      Buffer.from(
        JSON.stringify({
          metadata: { total_size: 8 },
          weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors' },
        }),
      ),
    ],
    read: (own) => shardNames(join(own, 'model.safetensors.index.json')),
  }),
  'config.json': inFolder('config.json', {
    weight: 4,
    seeds: async () =>
      ['bert', 'distilbert', 'roberta', 'modernbert', 'albert', 'electra', 'xlm-roberta'].map((model_type) =>
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
  'special_tokens_map.json': inFolder('special_tokens_map.json', {
    others: { 'vocab.txt': vocabulary },
    seeds: async () => [Buffer.from(JSON.stringify(specialTokens))],
    read: readTokenizer,
  }),
  'added_tokens.json': inFolder('added_tokens.json', {
    others: { 'vocab.txt': vocabulary },
    seeds: async () => [Buffer.from(JSON.stringify({ '<x>': 13, '<y>': 14, '[MASK]': 4 }))],
    read: readTokenizer,
  }),
  'vocab.json': bpeFile('vocab.json', mutateJson),
  'merges.txt': bpeFile('merges.txt', mutateText),
  vocab: inFolder('vocab.txt', {
    mutate: mutateBytes,
    seeds: async () => [Buffer.from(vocabulary)],
    read: readTokenizer,
  }),
  trainer_state: inFolder('trainer_state.json', {
    weight: 4,
    seeds: async () => [Buffer.from(JSON.stringify(state))],
    others: { 'metrics.jsonl': '{"step":1,"loss":2}\n' },
    async read(own) {
      await readState(own);
      await readRun(own);
    },
  }),
  'metrics.jsonl': inFolder('metrics.jsonl', {
    mutate: mutateJsonLines,
    seeds: async () => [
      Buffer.from(
        '{"step":1,"loss":2.5,"learning_rate":0.001,"tokens":9}\n{"step":2,"loss":2.25}\n{"step":2,"eval_loss":2,"eval_accuracy":0.5}\n',
      ),
    ],
    read: readRun,
  }),
  journal: interrupted(/journal\.jsonl$/, mutateJsonLines),
  'interrupted-rows': interrupted(/\.arrow$/, mutateBytes),
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
