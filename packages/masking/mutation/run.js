// Mutation testing by Stryker: changes the sources in thousands of small ways, each of which the tests must notice.
// node mutation/run.js               scores the files that have changed, or whose tests have, since score.json was written
// node mutation/run.js src/rows      scores those of a folder, or one file, in any case
// node mutation/run.js --minutes 10  the same in about ten minutes: where the changed files need more, a random part of their
//                                    lines is tested, which FAST_CHECK_SEED repeats, and score.json keeps their last score
// score.json has each file's hash and every mutant that no test noticed; equivalent.json those that no test can notice.
// Ends with one line, N passed, N failed: mutants killed, and where these are too few, those that were not.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { transformSync } from 'esbuild';

/** The share of all mutants that must be killed. */
const LEAST_SCORE = 0.95;
/** Sources without code of their own: lists of exports, what tests share, a thread's entry point. */
const LEFT_OUT = ['src/index.ts', 'src/core.ts', 'src/testing.fixture.ts', 'src/verify/verify-thread.ts'];
/**
 * The tests of a file, where they are not all those of its folder: the quick ones that cover it.
 * @type {Record<string, string[]>}
 */
const TESTS = {
  'src/rows/apply.ts': ['src/rows/mask-rows.test.ts', 'src/rows/golden-case.test.ts'],
  'src/rows/chunk.ts': ['src/rows/chunk.test.ts'],
  'src/rows/label.ts': ['src/rows/label.test.ts'],
  'src/rows/mask-rows.ts': ['src/rows/mask-rows.test.ts', 'src/rows/golden-case.test.ts'],
  'src/rows/originals.ts': ['src/rows/originals.test.ts'],
  'src/rows/places.ts': ['src/rows/places.test.ts'],
  'src/verify/comparison.ts': ['src/verify/comparison.test.ts'],
  'src/verify/counter.ts': ['src/verify/scan.test.ts'],
  'src/verify/documents.ts': ['src/verify/documents.test.ts'],
  'src/verify/laws.ts': ['src/verify/laws.test.ts'],
  'src/verify/redraw.ts': ['src/verify/comparison.test.ts'],
  'src/verify/scan.ts': ['src/verify/scan.test.ts'],
  'src/verify/statistics.ts': ['src/verify/statistics.test.ts'],
  'src/verify/tally.ts': ['src/verify/tally.test.ts'],
  'src/verify/tests.ts': ['src/verify/findings.test.ts'],
  'src/verify/verify-dataset.ts': ['src/verify/verify-dataset.test.ts'],
  'src/verify/verify-masking.ts': ['src/verify/verify-masking.test.ts', 'src/verify/comparison.test.ts'],
  'src/verify/violation.ts': ['src/verify/violation.test.ts'],
};
/** Not scored unless they are named, until they have a score: their mutants take longer than a change may wait. */
const NOT_YET = [
  'src/verify/counter.ts',
  'src/verify/redraw.ts',
  'src/verify/scan.ts',
  'src/verify/verify-dataset.ts',
  'src/verify/verify-masking.ts',
];
/** What each line of a file that has no score yet is expected to take. */
const SECONDS_A_LINE = 2;

const here = path.dirname(fileURLToPath(import.meta.url));
const packageFolder = path.dirname(here);
const scoreFile = path.join(here, 'score.json');

/** @typedef {import('./mutate.js').Mutant} Mutant */
/** Seconds are those of the machine that scored; mutants that ran without end timed out, and count as killed. */
/** @typedef {{ hash: string, seconds: number, mutants: number, timedOut: number, survivors: Mutant[] }} Score */

/** @type {Record<string, Score>} */
const known = JSON.parse(readFileSync(scoreFile, 'utf8'));
/** @type {Record<string, (Mutant & { why: string })[]>} */
const equivalent = JSON.parse(readFileSync(path.join(here, 'equivalent.json'), 'utf8'));

const { values: given, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string' } },
});
const seed = Number(process.env.FAST_CHECK_SEED ?? 20180510);
const files = readdirSync(path.join(packageFolder, 'src'), { recursive: true })
  .map((file) => path.posix.join('src', String(file)))
  .filter((file) => file.endsWith('.ts') && !LEFT_OUT.includes(file))
  .sort();
const tests = files.filter((file) => file.endsWith('.test.ts'));
const sources = files.filter((file) => !tests.includes(file));
const changed = sources.filter((file) =>
  wanted.length > 0
    ? wanted.some((name) => file.startsWith(name))
    : (known[file] || !NOT_YET.includes(file)) && known[file]?.hash !== hashOf(file),
);
report(await scoreChanged());

/**
 * Scores the changed files one by one, in the time there is.
 * @returns the score of every file, also of those of which a part alone was tested
 */
async function scoreChanged() {
  /** @type {Record<string, Score | undefined>} */
  const whole = Object.fromEntries(sources.map((file) => [file, known[file]]));
  const scores = { ...whole };
  const most = 60 * Number(given.minutes ?? Number.POSITIVE_INFINITY);
  const began = Date.now();
  let expected = 0;
  for (const [i, file] of changed.entries()) {
    const { mutate } = await import('./mutate.js');
    const spent = (Date.now() - began) / 1000;
    // Slower or faster than the machine that scored.
    const pace = expected > 0 ? spent / expected : 1;
    const left = pace * changed.slice(i).reduce((sum, name) => sum + secondsOf(name), 0);
    const part = Math.min(1, Math.max(0.01, (most - spent) / left));
    console.log(`${file}${part < 1 ? `, ${(100 * part).toFixed(0)} % of its lines, seed ${seed}` : ''}:`);
    scores[file] = { hash: hashOf(file), ...(await mutate(file, testsOf(file), part, seed)) };
    expected += part * secondsOf(file);
    if (part === 1) whole[file] = scores[file];
    writeFileSync(scoreFile, `${JSON.stringify(whole, null, 2)}\n`);
  }
  return scores;
}

/**
 * Says what was killed, file by file; all of it together is what counts.
 * @param {Record<string, Score | undefined>} scores
 */
function report(scores) {
  let [killed, able] = [0, 0];
  let missed = 0;
  for (const file of sources) {
    if (!scores[file]) {
      console.log(`${file}: no score yet`);
      continue;
    }
    const { mutants, survivors } = scores[file];
    const excused = new Set((equivalent[file] ?? []).map(textOf));
    const alive = survivors.filter((mutant) => !excused.has(textOf(mutant)));
    const equal = survivors.length - alive.length;
    const more = equal > 0 ? `, ${equal} more are equivalent` : '';
    console.log(`${file}: ${share(mutants - survivors.length, mutants - equal)}${more}`);
    for (const { line, mutator, replacement } of alive) {
      console.log(`  not noticed: ${line}\n    ${mutator}: ${replacement}`);
    }
    killed += mutants - survivors.length;
    able += mutants - equal;
    missed += alive.length;
  }
  const isEnough = killed >= LEAST_SCORE * able;
  console.log(`all: ${share(killed, able)}, at least ${100 * LEAST_SCORE} % are wanted`);
  console.log(`${killed} passed, ${isEnough ? 0 : missed} failed`);
  process.exitCode = isEnough ? 0 : 1;
}

/** @param {Mutant} mutant */
function textOf({ line, mutator, replacement }) {
  return [line, mutator, replacement].join('\n');
}

/**
 * @param {number} killed
 * @param {number} able
 */
function share(killed, able) {
  return `${killed} of ${able} mutants killed (${((100 * killed) / Math.max(1, able)).toFixed(1)} %)`;
}

/** @param {string} file */
function testsOf(file) {
  return TESTS[file] ?? tests.filter((test) => path.dirname(test) === path.dirname(file));
}

/**
 * What scoring a file is expected to take.
 * @param {string} file
 */
function secondsOf(file) {
  return known[file]?.seconds ?? SECONDS_A_LINE * textOfFile(file).split('\n').length;
}

/**
 * Of a file and its tests as esbuild prints them, so that comments, types and formatting play no part.
 * @param {string} file
 */
function hashOf(file) {
  const hash = createHash('sha256');
  for (const name of [file, ...testsOf(file), 'src/testing.fixture.ts']) {
    const { code } = transformSync(textOfFile(name), {
      loader: 'ts',
      minifyWhitespace: true,
      minifySyntax: true,
      legalComments: 'none',
    });
    hash.update(`${name}\n${code}`);
  }
  return hash.digest('hex');
}

/** @param {string} file */
function textOfFile(file) {
  return readFileSync(path.join(packageFolder, file), 'utf8');
}
