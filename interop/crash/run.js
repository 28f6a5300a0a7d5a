// Breaks commands off at their file operations and goes on with them: pnpm crash [--all | --sample N] [--minutes M]
// [--only WORDS] [--how kill,torn,power,EIO,ENOSPC,short] [--seed S] [--jobs N]. With --minutes the tries come in an order
// of chance, all commands in turn, as many as fit. Ends with "N passed, N failed".
//
// Whatever is done to a run, its target is the old one, the new one, or not there; the same command, given again as its
// message says, ends well; and then every byte is as if nothing had happened, and nothing else is left. Where a fault is
// of reading, the command ends in one line, and its input is not to blame the next time.
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
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
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
async function run(args, folder, { reads, hasOwnCache } = {}, fault = {}) {
  const filled = args.map((arg) => arg.replace('$input', input));
  const env = {
    ...process.env,
    INIT_CWD: folder,
    UV_THREADPOOL_SIZE: '1',
    MLM_CACHE: join(hasOwnCache ? folder : work, 'cache'),
    NO_COLOR: '1',
  };
  if (fault.how) {
    Object.assign(env, {
      LD_PRELOAD: library,
      FAULT_ROOT: reads ? input : folder,
      FAULT_HOW: fault.how,
      FAULT_AT: String(fault.at),
    });
    if (reads) env.FAULT_READS = '1';
    if (fault.log) env.FAULT_LOG = fault.log;
  }
  const child = spawn(process.execPath, [mlm, ...filled], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  for (const name of Object.keys(output))
    child[name].setEncoding('utf8').on('data', (text) => {
      output[name] += text;
    });
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  return { code, signal, ...output };
}

async function mustRun(args, folder) {
  const { code, stderr } = await run(args, folder);
  if (code !== 0) throw new Error(`mlm ${args.join(' ')}: exit ${code}: ${stderr}`);
}

/** What depends on time in files that otherwise do not. */
const times = /"(?:tokens_per_second|elapsed_seconds|wall_time)": ?[^,}\n]+/g;

/** Every file below a folder with its bytes; of ignored ones the name alone. */
function contents(folder, ignored = []) {
  if (!existsSync(folder)) return {};
  if (statSync(folder).isFile()) return { '': readFileSync(folder, 'latin1') };
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  // A model that could not be kept, or was kept by half, is compiled again: answers are what is compared there.
  const isCached = (path) => path.slice(folder.length).startsWith('/cache/');
  const paths = entries
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !isCached(path))
    .sort();
  return Object.fromEntries(
    paths.map((path) => {
      const isIgnored = ignored.some((name) => path.includes(name));
      const name = path.slice(folder.length).replace(/events\.out.*/, 'events.out');
      if (isIgnored) return [name, ''];
      const text = readFileSync(path, 'latin1');
      return [name, /metrics\.jsonl$|trainer_state\.json$/.test(name) ? text.replace(times, '') : text];
    }),
  );
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

async function makeInputs() {
  for (const folder of ['corpus', 'long']) mkdirSync(join(input, folder), { recursive: true });
  const words = 'the ferry left at dawn and nobody on the pier saw it go'.split(' ');
  for (let file = 0; file < 3; file++) {
    const lines = Array.from({ length: 400 }, (_, line) =>
      Array.from({ length: 12 }, (_, i) => words[(line * 7 + i * i + file) % words.length]).join(' '),
    );
    const text = lines.map((line, i) => (i % 5 === 0 ? `\n${line}` : line)).join('\n');
    writeFileSync(join(input, `corpus/${file}.txt`), text);
    // Enough of it for threads to start, which write their rows themselves.
    writeFileSync(join(input, `long/${file}.txt`), text.repeat(Math.ceil(2 ** 19 / text.length)));
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
  for (const [output, ...rest] of [
    ['data.arrow'],
    ['other.arrow', '--seed', '2'],
    ['folder', '--shard-size', '65536'],
  ])
    await mustRun(
      [
        'preprocess',
        '$input/corpus',
        `$input/${output}`,
        '--sequence-length',
        '16',
        '--eval-fraction',
        '0.2',
        '--tokenizer',
        '$input/tokenizer',
        '-q',
        ...rest,
      ],
      input,
    );
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
  const { args, ignored, target, companions = [] } = scenario;
  const isAsExpected = ({ stdout }) =>
    same(contents(folder, ignored), contents(reference.folder, ignored)) &&
    (!scenario.answers || stdout === reference.stdout);
  try {
    cpSync(start, folder, { recursive: true });
    const broken = await run(args, folder, scenario, { how, at });
    const failed = broken.code !== 0;
    if (how === 'short' && failed) return `exit ${broken.code} with short operations: ${broken.stderr}`;
    if (broken.signal === null && failed) {
      const message = broken.stderr.trim();
      if (broken.code !== 1 || message.split('\n').length > 1 || /unexpected|\.js:\d/.test(message))
        return `exit ${broken.code}: ${message}`;
    }
    const names = target === undefined ? [] : [target, ...companions];
    const state = (root) => names.map((name) => contents(join(root, name), ignored));
    const [seen, old, made] = [folder, start, reference.folder].map(state);
    const isThere = ([whole]) => whole !== undefined && Object.keys(whole).length > 0;
    if (isThere(seen) && !same(seen, old) && !same(seen, made) && !ignored)
      return 'the target is neither the old one nor the new one';
    if (isThere(old) && !isThere(seen) && how === 'EIO' && !ignored)
      return 'the old target is gone after an error';
    if (!failed)
      return isAsExpected(broken)
        ? undefined
        : `exit 0 with other bytes: ${difference(folder, reference.folder, ignored)}`;
    for (const extra of [scenario.goOn, [], ['--overwrite']]) {
      const again = await run(
        [...args.filter((arg) => !extra.length || arg !== '--overwrite'), ...extra],
        folder,
        scenario,
      );
      if (isAsExpected(again)) return undefined;
      if (again.code === 0)
        return `other bytes after going on: ${difference(folder, reference.folder, ignored)}`;
      if (again.code !== 1 || again.stderr.trim().split('\n').length !== 1)
        return `going on: exit ${again.code}: ${again.stderr}`;
      // Nothing had been begun, all is done, or what is there is the old run: the message has to say so.
      if (
        !/--overwrite|exists already|no such folder|holds no training run|cannot be resumed with/.test(
          again.stderr,
        )
      )
        return `going on: ${again.stderr}`;
    }
    return `cannot be gone on with: ${difference(folder, reference.folder, ignored)}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function difference(folder, reference, ignored) {
  const [found, expected] = [contents(folder, ignored), contents(reference, ignored)];
  const names = [...new Set([...Object.keys(found), ...Object.keys(expected)])];
  return names.filter((name) => found[name] !== expected[name]).join(' ');
}

/** The operations of a scenario, in each way that makes a difference for them. */
function triesOf(operations, { reads }) {
  const numbered = operations.map((operation, i) => ({ operation, at: i + 1 }));
  const counted = {
    torn: /^p?writev? /,
    // A disk that is full before another operation is full at the next of these.
    ENOSPC: /^(mkdir|link|open|p?writev?) /,
  };
  return options.how.split(',').flatMap((how, index, hows) => {
    if (how === 'short') return [{ how, at: 1 }];
    if (reads && how !== 'EIO') return [];
    const concerned = numbered.filter(({ operation }) => counted[how]?.test(operation) ?? true);
    if (options.all) return concerned.map(({ at }) => ({ how, at }));
    const step = Math.max(1, concerned.length / Number(options.sample));
    const tries = [];
    // Each way hits other operations of the sample.
    for (let at = (step * index) / hows.length; at < concerned.length; at += step)
      tries.push({ how, at: concerned[Math.floor(at)].at });
    return tries;
  });
}

/** Runs a scenario without a fault: where it starts, what it ends with, and each of its operations. */
async function prepare(name, scenario) {
  const start = mkdtempSync(join(work, 'start-'));
  for (const command of scenario.before ?? [])
    await mustRun(
      [
        ...command.split(' '),
        ...(command.startsWith('preprocess') ? ['--tokenizer', '$input/tokenizer', '-q'] : []),
      ],
      start,
    );
  const folder = mkdtempSync(join(work, 'reference-'));
  cpSync(start, folder, { recursive: true });
  const log = join(work, 'operations');
  rmSync(log, { force: true });
  const whole = await run(scenario.args, folder, scenario, { how: 'kill', at: 0, log });
  if (whole.code !== 0) throw new Error(`${name}: ${whole.stderr}`);
  const operations = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.replaceAll(folder, '').replaceAll(input, ''));
  return { name, scenario, start, reference: { folder, stdout: whole.stdout }, operations };
}

/** All scenarios in turn, and of each its tries in an order that the seed decides. */
function inTurn(tries, seed) {
  let state = seed >>> 0;
  const drawn = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const keyed = tries.map((planned) => ({ planned, key: drawn() })).sort((a, b) => a.key - b.key);
  const turns = {};
  const placed = keyed.map(({ planned }) => {
    turns[planned.name] = (turns[planned.name] ?? 0) + 1;
    return { planned, turn: turns[planned.name] };
  });
  return placed.sort((a, b) => a.turn - b.turn).map(({ planned }) => planned);
}

let [passed, failed] = [0, 0];
const tally = {};
try {
  await makeInputs();
  const chosen = Object.entries(scenarios).filter(
    ([name, { isSlow }]) => name.includes(options.only) && (options.all || options.only !== '' || !isSlow),
  );
  if (chosen.some(([, { needsRun }]) => needsRun)) await makeRuns();
  const tries = [];
  for (const [name, scenario] of chosen) {
    const prepared = await prepare(name, scenario);
    const own = triesOf(prepared.operations, scenario);
    tally[name] = { operations: prepared.operations.length, planned: own.length, tried: 0, failed: 0 };
    tries.push(...own.map((planned) => ({ ...prepared, ...planned })));
  }
  let end =
    options.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + 60_000 * Number(options.minutes);
  const queue = options.minutes === undefined ? tries : inTurn(tries, Number(options.seed));
  console.log(
    `${tries.length} tries${options.minutes === undefined ? '' : `, in the order of seed ${options.seed}`}`,
  );
  // Ctrl-C ends it with the figures so far.
  process.once('SIGINT', () => {
    end = 0;
  });
  const worker = async () => {
    for (let next = queue.shift(); next && Date.now() < end; next = queue.shift()) {
      const { name, scenario, start, reference, operations, how, at } = next;
      const problem = await tryOnce(scenario, reference, start, how, at);
      tally[name].tried++;
      if (problem === undefined) passed++;
      else {
        failed++;
        tally[name].failed++;
        console.log(
          `NOT OK  ${name}: ${how} at ${at} of ${operations.length}, ${operations[at - 1]}: ${problem.trim()}`,
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Number(options.jobs) }, worker));
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.table(tally);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
