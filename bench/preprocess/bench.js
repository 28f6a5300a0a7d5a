import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeCorpus, readCorpus } from '../corpus/describe.js';
import { log } from '../measure/log.js';
import { findPython } from '../measure/python.js';
import { median, medianRatio } from '../measure/statistics.js';
import { figure, table, times } from '../measure/table.js';
import { contestants } from './contestants.js';

/** @import { Contestant, Run } from './contestants.js' */

/** @param {{ corpus: string, rounds: number, python: string | undefined }} options */
export async function benchPreprocess({ corpus, rounds, python: given }) {
  if (!existsSync(corpus))
    throw new Error(`${corpus}: no such text; build it with \`pnpm bench corpus\` or name one with --corpus`);
  const described = readCorpus(corpus);
  const python = findPython(given, ['nanotoken', 'datasets', 'transformers', 'pyarrow']);
  const folder = mkdtempSync(path.join(tmpdir(), 'mlm-bench-'));
  try {
    const { whole, alone } = await contestants(corpus, described.bytes, folder, python);
    await compete(whole, rounds);
    await compete(alone, rounds);
    const text = [
      describeCorpus(described),
      wholeTable(whole),
      aloneTable(alone),
      'Whole path: process start to exit, empty caches at the start; Python peers without their imports but in the last column.',
      'Tokenizing alone: one thread, text in memory (nanotoken maps the file). Cold: first pass of a fresh tokenizer; warm: the last of two (other scripts: of ten).',
    ].join('\n\n');
    const bare = (/** @type {Contestant[]} */ list) =>
      list.map(({ name, bytes, runs }) => ({ name, bytes, runs }));
    return { text, json: { corpus: described, whole: bare(whole), alone: bare(alone) } };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Every contestant once a round, so that all meet the same state of the machine.
 * @param {Contestant[]} list
 * @param {number} rounds
 */
async function compete(list, rounds) {
  for (let round = 0; round < rounds; round++)
    for (const contestant of list) {
      if (round >= (contestant.rounds ?? rounds)) continue;
      const run = await contestant.run();
      contestant.runs.push(run);
      log(
        `round ${round + 1}: ${contestant.name} ${run.passes.length ? run.passes.map((s) => s.toFixed(3)) : run.seconds.toFixed(2)} s`,
      );
    }
}

/** @param {Contestant[]} list */
function wholeTable(list) {
  const seconds = (/** @type {Contestant} */ { runs }) => runs.map((run) => run.seconds);
  const wholeSeconds = (/** @type {Contestant} */ { runs }) => runs.map((run) => run.wholeSeconds);
  const processorSeconds = (/** @type {Contestant} */ { runs }) => runs.map((run) => run.processorSeconds);
  const ours = /** @type {Contestant} */ (list[0]);
  const rows = list.map((contestant) => {
    const typical = median(seconds(contestant));
    return [
      contestant.name,
      figure(contestant.bytes / 1e6 / typical),
      figure(/** @type {Run} */ (contestant.runs[0]).tokens / 1e6 / typical),
      figure(Math.max(...contestant.runs.map((run) => run.peakBytes)) / 1e6),
      median(processorSeconds(contestant)).toFixed(2),
      times(medianRatio(seconds(contestant), seconds(ours))),
      times(medianRatio(wholeSeconds(contestant), seconds(ours))),
      times(medianRatio(processorSeconds(contestant), processorSeconds(ours))),
    ];
  });
  return table(
    [
      'text file to masked Arrow',
      'MB/s',
      'M tokens/s',
      'peak MB',
      'processor s',
      'mlm, 2 workers is',
      'imports counted',
      'by processor time',
    ],
    rows,
  );
}

/** @param {Contestant[]} list */
function aloneTable(list) {
  const passes = (/** @type {Contestant} */ { runs }, /** @type {number} */ pass) =>
    runs.map((run) => /** @type {number} */ (run.passes.at(pass)));
  const rows = list.map((contestant) => {
    const ours = /** @type {Contestant} */ (
      list.find(({ name, bytes }) => name.startsWith('mlm') && bytes === contestant.bytes)
    );
    const rate = (/** @type {number} */ pass) => contestant.bytes / 1e6 / median(passes(contestant, pass));
    const ratio = (/** @type {number} */ pass) =>
      times(medianRatio(passes(contestant, pass), passes(ours, pass)));
    return [contestant.name, figure(rate(0)), figure(rate(-1)), ratio(0), ratio(-1)];
  });
  return table(
    ['tokenizing alone, one thread', 'MB/s cold', 'MB/s warm', 'mlm is, cold', 'mlm is, warm'],
    rows,
  );
}
