// Side-by-side measurements against the peers: `pnpm bench <name>`; README.md says what each one does.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { log } from './measure/log.js';
import { describeMachine, machine } from './measure/machine.js';

const usage = `pnpm bench setup                  install the Python peers into bench/.cache
pnpm bench corpus                 build the text that preprocess reads, from Debian packages
pnpm bench preprocess             text to masked Arrow, against datasets, nanotoken, transformers.js
pnpm bench tokenizers             WordPiece, BPE and Unigram alone, against Rust tokenizers
pnpm bench train                  training steps, against PyTorch with transformers
pnpm bench step                   what of a training step is ours, and how soon the first is done
pnpm bench masking                the masking rules on rows in memory, one thread
pnpm bench loader                 batches made ahead, for an engine that does nothing
pnpm bench convergence            500 steps on Brown, against transformers' Trainer
pnpm bench precision              500 steps in bf16 and in fp32: the validation losses

  --rounds <n>          interleaved rounds (preprocess 5, tokenizers 3, train 5, step 3, masking 5, loader 5)
  --corpus <file>       the text, for tokenizers several with commas (default: bench/.cache/corpus/english.txt)
  --models <a,b>        new models of any family, for train (default: bert-tiny,bert-mini,bert-base) and step
                        (bert-mini,bert-base); for precision one (bert-tiny)
  --precisions <a,b>    for train (default: fp32,bf16; on cuda fp32,tf32,bf16; on webgpu fp32)
  --device <name>       for train: cpu, cuda or webgpu (default: cpu)
  --steps <n>           for convergence and precision (default: 500)
  --engine <name>       for precision: tensorflow or xla (default: tensorflow)
  --batch-size <n>      for precision (default: 8) and train (default: by the size of the model)
  --threads <n>         of each side, for train (default: 2) and tokenizers (1 and 2); with 1, processor time compares
                        on a busy machine too
  --whole               for tokenizers: whole runs of mlm preprocess with BPE and Unigram instead, start-up included
  --python <path>       an interpreter that has the peers
  --output <folder>     where tables and JSON go (default: bench/.cache/results)
`;

const cache = fileURLToPath(new URL('.cache', import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    corpus: { type: 'string', default: path.join(cache, 'corpus/english.txt') },
    models: { type: 'string' },
    precisions: { type: 'string' },
    device: { type: 'string', default: 'cpu' },
    steps: { type: 'string', default: '500' },
    engine: { type: 'string', default: 'tensorflow' },
    'batch-size': { type: 'string' },
    threads: { type: 'string' },
    whole: { type: 'boolean' },
    python: { type: 'string' },
    output: { type: 'string', default: path.join(cache, 'results') },
    help: { type: 'boolean' },
  },
});

const batchSize = values['batch-size'] === undefined ? undefined : Number(values['batch-size']);

/** @type {Record<string, () => Promise<{ text: string, json: object } | undefined>>} */
const benchmarks = {
  async setup() {
    const { setUpPython } = await import('./measure/python.js');
    setUpPython();
    return undefined;
  },
  async corpus() {
    const { buildCorpora } = await import('./corpus/build.js');
    const { describeCorpus } = await import('./corpus/describe.js');
    const corpora = buildCorpora(path.dirname(values.corpus), log);
    return { text: corpora.map(describeCorpus).join('\n'), json: corpora };
  },
  async preprocess() {
    const { benchPreprocess } = await import('./preprocess/bench.js');
    return benchPreprocess({
      corpus: values.corpus,
      rounds: Number(values.rounds ?? 5),
      python: values.python,
    });
  },
  async tokenizers() {
    const rounds = Number(values.rounds ?? 3);
    if (values.whole) {
      const { benchWhole } = await import('./tokenizers/whole.js');
      return benchWhole({ corpora: values.corpus.split(','), rounds, python: values.python });
    }
    const { benchTokenizers } = await import('./tokenizers/bench.js');
    const threads = (values.threads ?? '1,2').split(',').map(Number);
    return benchTokenizers({ corpora: values.corpus.split(','), threads, rounds, python: values.python });
  },
  async train() {
    const { benchTrain } = await import('./train/bench.js');
    const models = (values.models ?? 'bert-tiny,bert-mini,bert-base').split(',');
    const device = /** @type {'cpu' | 'cuda' | 'webgpu'} */ (values.device);
    const known = { cpu: 'fp32,bf16', cuda: 'fp32,tf32,bf16', webgpu: 'fp32' }[device];
    if (known === undefined) throw new Error(`--device ${device}: expected cpu, cuda or webgpu`);
    const precisions = (values.precisions ?? known).split(',');
    return benchTrain({
      models,
      precisions,
      device,
      rounds: Number(values.rounds ?? 5),
      python: values.python,
      threads: values.threads ?? '2',
      batchSize,
    });
  },
  async step() {
    const { benchStep } = await import('./step/bench.js');
    const models = (values.models ?? 'bert-mini,bert-base').split(',');
    return benchStep({ models, rounds: Number(values.rounds ?? 3) });
  },
  async masking() {
    const { benchMasking } = await import('./masking/bench.js');
    return benchMasking({ rounds: Number(values.rounds ?? 5) });
  },
  async loader() {
    const { benchLoader } = await import('./loader/bench.js');
    return benchLoader({ rounds: Number(values.rounds ?? 5) });
  },
  async convergence() {
    const { benchConvergence } = await import('./convergence/bench.js');
    return benchConvergence({ steps: Number(values.steps), python: values.python });
  },
  async precision() {
    const { benchPrecision } = await import('./precision/bench.js');
    return benchPrecision({
      model: values.models ?? 'bert-tiny',
      steps: Number(values.steps),
      engine: values.engine,
      batchSize,
    });
  },
};

const name = positionals[0] ?? '';
const benchmark = Object.hasOwn(benchmarks, name) ? benchmarks[name] : undefined;
if (!benchmark || values.help) {
  process.stdout.write(usage);
  process.exit(values.help || !name ? 0 : 2);
}
const result = await benchmark();
if (result) {
  const found = machine();
  process.stdout.write(`${describeMachine(found)}\n\n${result.text}\n`);
  mkdirSync(values.output, { recursive: true });
  const file = path.join(values.output, `${name}.json`);
  writeFileSync(file, `${JSON.stringify({ machine: found, ...result.json }, null, 2)}\n`);
  log(`\nfigures: ${file}`);
}
