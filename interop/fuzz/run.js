// Reads damaged files of every format: pnpm fuzz [format …] [--mutants N | --minutes M] [--seed S] [--index I].
// Whatever the bytes, reading ends in time and memory of their measure, with what they say or one line for the user.
// A failure prints the line that repeats it and keeps the bytes. Ends with "N passed, N failed".
import { fork } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    mutants: { type: 'string', default: '10000' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    index: { type: 'string' },
    workers: { type: 'string', default: '2' },
  },
});
const here = dirname(fileURLToPath(import.meta.url));
const limits = { seconds: 10, megabytes: 1500 };
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(values.seed);
const kept = join(tmpdir(), `mlm-fuzz-failures-${process.pid}`);

const { formats } = await import('./formats.js');
const names = positionals.length > 0 ? positionals : Object.keys(formats);
for (const name of names)
  if (!formats[name])
    throw new Error(`${name}: no such format; there are ${Object.keys(formats).join(', ')}`);
console.log(`fuzz seed: ${seed}`);

const tally = Object.fromEntries(names.map((name) => [name, { mutants: 0, read: 0, refused: 0, failed: 0 }]));

/** Tasks of some mutants each, all formats in turn, so that a run that is cut short has seen each. */
function* tasks() {
  for (const name of names)
    for (const file of corpus(name))
      yield { format: name, file, bytes: readFileSync(file).toString('base64') };
  if (values.index !== undefined) {
    for (const format of names)
      yield { format, seed, from: Number(values.index), to: Number(values.index) + 1 };
    return;
  }
  const total = names.reduce((sum, name) => sum + formats[name].weight, 0);
  const end =
    values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + 60_000 * Number(values.minutes);
  const wanted = values.minutes === undefined ? Number(values.mutants) : Number.POSITIVE_INFINITY;
  const chunk = 50;
  for (let round = 0; ; round++) {
    let isLeft = false;
    for (const format of names) {
      const share = Math.ceil((wanted * formats[format].weight) / total);
      const parts = Math.ceil(formats[format].weight);
      for (let part = 0; part < parts; part++) {
        const from = (round * parts + part) * chunk;
        const to = Math.min(from + chunk, share);
        if (from >= to) continue;
        if (Date.now() > end) return;
        isLeft = true;
        yield { format, seed, from, to };
      }
    }
    if (!isLeft) return;
  }
}

/** What once failed, kept beside this file. */
function corpus(format) {
  const folder = join(here, 'corpus', format);
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function fail(task, index, reason, bytes) {
  tally[task.format].failed++;
  mkdirSync(kept, { recursive: true });
  const file = join(kept, `${task.format}-${index}`);
  if (bytes) writeFileSync(file, Buffer.from(bytes, 'base64'));
  const again = task.file ?? `pnpm fuzz ${task.format} --seed ${seed} --index ${index}`;
  console.log(
    `NOT OK  ${task.format}: ${reason.split('\n').slice(0, 4).join(' | ')}\n        ${again}${bytes ? ` (${file})` : ''}`,
  );
}

/** A worker process; replaced when a mutant ends it or has to be stopped. */
function start(queue) {
  return new Promise((resolve) => {
    let child;
    let task;
    let begun = -1;
    let at = 0;
    let reason = '';
    const next = () => {
      const { value, done } = queue.next();
      if (done) {
        task = undefined;
        child.disconnect();
        clearInterval(watch);
        resolve();
        return;
      }
      task = value;
      begun = -1;
      child.send(task);
    };
    const launch = (rest) => {
      child = fork(join(here, 'worker.js'), {
        execArgv: ['--max-old-space-size=700'],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      });
      child.on('message', (message) => {
        if (message.ready) {
          if (rest) {
            task = rest;
            child.send(rest);
          } else next();
        } else if ('begun' in message) {
          begun = message.begun;
          at = performance.now();
        } else if (message.done) next();
        else {
          begun = -1;
          const counts = tally[task.format];
          counts.mutants++;
          if ('failed' in message) fail(task, message.failed, message.reason, message.bytes);
          else if (message.isRead) counts.read++;
          else counts.refused++;
        }
      });
      child.on('exit', (code, signal) => {
        if (!task) return;
        if (begun < 0) throw new Error(`a worker ended by itself (${code ?? signal})`);
        tally[task.format].mutants++;
        fail(task, begun, reason || `the process ended (${code ?? signal})`);
        reason = '';
        const left = 'from' in task && begun + 1 < task.to ? { ...task, from: begun + 1 } : undefined;
        begun = -1;
        launch(left);
      });
    };
    const watch = setInterval(() => {
      if (begun < 0 || !child.pid) return;
      if (performance.now() - at > limits.seconds * 1000) reason = `no end within ${limits.seconds} s`;
      else if (residentMegabytes(child.pid) > limits.megabytes) reason = `more than ${limits.megabytes} MB`;
      if (reason) child.kill('SIGKILL');
    }, 200);
    launch();
  });
}

function residentMegabytes(pid) {
  try {
    return (Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * 4096) / 1e6;
  } catch {
    return 0;
  }
}

const started = performance.now();
const queue = tasks();
await Promise.all(Array.from({ length: Number(values.workers) }, () => start(queue)));
console.table(tally);
const sum = (key) => Object.values(tally).reduce((total, counts) => total + counts[key], 0);
console.log(
  `${sum('mutants')} mutants in ${Math.round((performance.now() - started) / 1000)} s, seed ${seed}`,
);
console.log(`${sum('mutants') - sum('failed')} passed, ${sum('failed')} failed`);
process.exit(sum('failed') === 0 ? 0 : 1);
