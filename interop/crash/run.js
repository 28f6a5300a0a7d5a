// Breaks commands off at their file operations and goes on with them: node interop/crash/run.js [--all | --sample N]
// [--only WORDS] [--how kill,torn,power,EIO,ENOSPC,short]. Ends with "N passed, N failed".
//
// Whatever is done to a run, its target is the old one, the new one, or not there; the same command, given again as its
// message says, ends well; and then every byte is as if nothing had happened, and nothing else is left.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { scenarios } from './scenarios.js';

const { values: options } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    sample: { type: 'string', default: '6' },
    only: { type: 'string', default: '' },
    how: { type: 'string', default: 'kill,torn,power,EIO,ENOSPC,short' },
    jobs: { type: 'string', default: '2' },
  },
});

const here = dirname(fileURLToPath(import.meta.url));
const mlm = join(here, '../../packages/cli/bin/mlm.js');
const work = mkdtempSync(join(tmpdir(), 'mlm-crash-'));
const input = join(work, 'input');
const library = join(work, 'faults.so');
execFileSync('gcc', ['-O1', '-shared', '-fPIC', '-o', library, join(here, 'faults.c'), '-ldl', '-lpthread']);

/** Runs mlm; a fault is made in `folder`. */
async function run(args, folder, fault = {}) {
  const filled = args.map((arg) => arg.replace('$input', input));
  const env = {
    ...process.env,
    INIT_CWD: folder,
    UV_THREADPOOL_SIZE: '1',
    MLM_CACHE: join(work, 'cache'),
    NO_COLOR: '1',
  };
  if (fault.how) {
    Object.assign(env, {
      LD_PRELOAD: library,
      FAULT_ROOT: folder,
      FAULT_HOW: fault.how,
      FAULT_AT: String(fault.at),
    });
    if (fault.log) env.FAULT_LOG = fault.log;
  }
  const child = spawn(process.execPath, [mlm, ...filled], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, stderr };
}

async function mustRun(args, folder) {
  const { code, stderr } = await run(args, folder);
  if (code !== 0) throw new Error(`mlm ${args.join(' ')}: exit ${code}: ${stderr}`);
}

/** Every file below a folder with its bytes; of ignored ones the name alone. */
function contents(folder, ignored = []) {
  if (!existsSync(folder)) return {};
  if (statSync(folder).isFile()) return { '': readFileSync(folder, 'latin1') };
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(
    paths.map((path) => {
      const isIgnored = ignored.some((name) => path.includes(name));
      const name = path.slice(folder.length).replace(/events\.out.*/, 'events.out');
      return [name, isIgnored ? '' : readFileSync(path, 'latin1')];
    }),
  );
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

async function makeInputs() {
  mkdirSync(join(input, 'corpus'), { recursive: true });
  const words = 'the ferry left at dawn and nobody on the pier saw it go'.split(' ');
  for (let file = 0; file < 3; file++) {
    const lines = Array.from({ length: 400 }, (_, line) =>
      Array.from({ length: 12 }, (_, i) => words[(line * 7 + i * i + file) % words.length]).join(' '),
    );
    writeFileSync(
      join(input, `corpus/${file}.txt`),
      lines.map((line, i) => (i % 5 === 0 ? `\n${line}` : line)).join('\n'),
    );
  }
  await mustRun(['vocab', '$input/corpus', '--size', '120', '--output', '$input/tokenizer', '-q'], input);
  const part = [
    'preprocess',
    '$input/corpus',
    '$input/part.arrow',
    '--eval-fraction',
    '0.3',
    '--world-size',
    '2',
    '-q',
  ];
  for (const rank of ['0', '1']) await mustRun([...part, '--rank', rank], input);
}

async function makeRuns() {
  const config = {
    model_type: 'bert',
    vocab_size: 120,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 32,
  };
  mkdirSync(join(input, 'config'));
  writeFileSync(join(input, 'config/config.json'), JSON.stringify(config));
  const data = [
    'preprocess',
    '$input/corpus',
    '$input/data.arrow',
    '--sequence-length',
    '16',
    '--eval-fraction',
    '0.2',
  ];
  await mustRun([...data, '--tokenizer', '$input/tokenizer', '-q'], input);
  for (const [name, seed] of [
    ['run', '1'],
    ['older', '2'],
  ])
    await mustRun(
      [
        'train',
        '$input/data.arrow',
        '--model',
        '$input/config',
        '--output',
        `$input/${name}`,
        '--engine',
        'onnx',
        '--max-steps',
        '1',
        '--seed',
        seed,
        '-q',
      ],
      input,
    );
}

/** @returns what went wrong; undefined when nothing did */
async function tryOnce(scenario, reference, start, how, at) {
  const folder = mkdtempSync(join(work, 'try-'));
  try {
    cpSync(start, folder, { recursive: true });
    const broken = await run(scenario.args, folder, { how, at });
    const failed = broken.code !== 0;
    if (how === 'short' && failed) return `exit ${broken.code} with short writes: ${broken.stderr}`;
    if (broken.signal === null && failed) {
      const message = broken.stderr.trim();
      if (broken.code !== 1 || message.split('\n').length > 1 || /unexpected|\.js:\d/.test(message))
        return `exit ${broken.code}: ${message}`;
    }
    const names = [scenario.target, ...(scenario.companions ?? [])];
    const state = (root) => names.map((name) => contents(join(root, name), scenario.ignored));
    const seen = state(folder);
    const [old, made] = [state(start), state(reference)];
    const isGone = Object.keys(seen[0]).length === 0 && Object.keys(old[0]).length > 0;
    const isOldOrNew = same(seen, old) || same(seen, made) || Object.keys(seen[0]).length === 0;
    if (!isOldOrNew && !scenario.ignored) return 'the target is neither the old one nor the new one';
    if (isGone && how === 'EIO') return 'the old target is gone after an error';
    if (!failed && same(seen, made)) return leftOver(folder, reference);
    for (const extra of [scenario.goOn, [], ['--overwrite']]) {
      const again = await run(
        [...scenario.args.filter((arg) => !extra.length || arg !== '--overwrite'), ...extra],
        folder,
      );
      const isDone = same(contents(folder, scenario.ignored), contents(reference, scenario.ignored));
      if (isDone) return undefined;
      if (again.code === 0)
        return `other bytes after going on: ${difference(folder, reference, scenario.ignored)}`;
      if (again.code !== 1 || again.stderr.trim().split('\n').length !== 1)
        return `going on: exit ${again.code}: ${again.stderr}`;
      // Nothing had been begun, or all is done: the message has to say so.
      if (!/--overwrite|exists already|no such folder|holds no training run/.test(again.stderr))
        return `going on: ${again.stderr}`;
    }
    return `cannot be gone on with: ${difference(folder, reference, scenario.ignored)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function leftOver(folder, reference) {
  const [found, expected] = [readdirSync(folder).join(), readdirSync(reference).join()];
  return found === expected ? undefined : `left over: ${found}`;
}

function difference(folder, reference, ignored) {
  const [found, expected] = [contents(folder, ignored), contents(reference, ignored)];
  const names = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return names.filter((name) => found[name] !== expected[name]).join(' ');
}

let [passed, failed] = [0, 0];
const started = performance.now();
try {
  await makeInputs();
  const chosen = Object.entries(scenarios).filter(
    ([name, { isSlow }]) => name.includes(options.only) && (options.all || options.only !== '' || !isSlow),
  );
  if (chosen.some(([, { isSlow }]) => isSlow)) await makeRuns();
  for (const [name, scenario] of chosen) {
    const start = mkdtempSync(join(work, 'start-'));
    for (const command of scenario.before ?? [])
      await mustRun(
        [
          ...command.split(' '),
          ...(command.startsWith('preprocess') ? ['--tokenizer', '$input/tokenizer', '-q'] : []),
        ],
        start,
      );
    const reference = mkdtempSync(join(work, 'reference-'));
    cpSync(start, reference, { recursive: true });
    const log = join(work, 'operations');
    rmSync(log, { force: true });
    const whole = await run(scenario.args, reference, { how: 'kill', at: 0, log });
    if (whole.code !== 0) throw new Error(`${name}: ${whole.stderr}`);
    const operations = readFileSync(log, 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.replaceAll(reference, ''));
    const tries = [];
    const hows = options.how.split(',');
    for (const how of hows) {
      const step = options.all ? 1 : operations.length / Number(options.sample);
      // Each way hits other operations of the sample.
      const offset = options.all ? 1 : 1 + (step * hows.indexOf(how)) / hows.length;
      if (how === 'short') tries.push({ how, at: 1 });
      else for (let at = offset; at <= operations.length; at += step) tries.push({ how, at: Math.floor(at) });
    }
    const queue = [...tries];
    const worker = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        const problem = await tryOnce(scenario, reference, start, next.how, next.at);
        if (problem === undefined) passed++;
        else {
          failed++;
          console.log(
            `NOT OK  ${name}: ${next.how} at ${next.at} of ${operations.length}, ${operations[next.at - 1]}: ${problem.trim()}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
    console.log(
      `        ${name}: ${operations.length} operations, ${tries.length} tries, ${Math.round((performance.now() - started) / 1000)} s`,
    );
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
