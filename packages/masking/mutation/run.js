// Mutation testing by Stryker: changes the sources in thousands of small ways, each of which the tests beside them must notice.
// node mutation/run.js            runs the files that have changed, or whose tests have, since score.json was written; but of
//                                 the slow ones, those alone that have a score
// node mutation/run.js src/rows   runs those of a folder, or one file, in any case
// score.json has each file's hash and every mutant that no test noticed; equivalent.json those that no test can notice.
// Ends with one line, N passed, N failed: mutants killed, and where these are too few, those that were not.
import { createHash } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stryker } from '@stryker-mutator/core';

/** The share of all mutants that must be killed. */
const LEAST_SCORE = 0.95;
/** Not scored unless they are named: their tests take so long that the mutants of one file take an hour. */
const SLOW = ['src/verify/', 'src/rows/apply.ts', 'src/rows/mask-rows.ts'];
/** Sources without code of their own: lists of exports, what tests share, a thread's entry point. */
const LEFT_OUT = ['src/index.ts', 'src/core.ts', 'src/testing.fixture.ts', 'src/verify/verify-thread.ts'];

const here = path.dirname(fileURLToPath(import.meta.url));
const packageFolder = path.dirname(here);
const root = path.join(packageFolder, '../..');
const scoreFile = path.join(here, 'score.json');

/** @typedef {{ line: string, mutator: string, replacement: string }} Mutant */
/** @typedef {{ hash: string, mutants: number, survivors: Mutant[] }} Score */

/** @type {Record<string, Score>} */
const before = JSON.parse(readFileSync(scoreFile, 'utf8'));
/** @type {Record<string, (Mutant & { why: string })[]>} */
const equivalent = JSON.parse(readFileSync(path.join(here, 'equivalent.json'), 'utf8'));

const wanted = process.argv.slice(2);
const files = readdirSync(path.join(packageFolder, 'src'), { recursive: true })
  .map((file) => path.posix.join('src', String(file)))
  .filter((file) => file.endsWith('.ts') && !LEFT_OUT.includes(file))
  .sort();
const tests = files.filter((file) => file.endsWith('.test.ts'));
/** @type {Record<string, Score>} */
const scores = {};
for (const file of files.filter((name) => !tests.includes(name))) {
  const hash = hashOf(file);
  const isStale = before[file] ? before[file].hash !== hash : !SLOW.some((name) => file.startsWith(name));
  const isWanted = wanted.length > 0 ? wanted.some((name) => file.startsWith(name)) : isStale;
  if (isWanted) scores[file] = { hash, ...(await mutate(file)) };
  else if (before[file]) scores[file] = before[file];
  writeFileSync(scoreFile, `${JSON.stringify({ ...before, ...scores }, null, 2)}\n`);
}
writeFileSync(scoreFile, `${JSON.stringify(scores, null, 2)}\n`);
report();

/** Says what was killed, file by file; all of it together is what counts. */
function report() {
  let [killed, able] = [0, 0];
  let missed = 0;
  for (const [file, { mutants, survivors }] of Object.entries(scores)) {
    const known = new Set((equivalent[file] ?? []).map(textOf));
    const alive = survivors.filter((mutant) => !known.has(textOf(mutant)));
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
  const unscored = files.filter((file) => !tests.includes(file) && !scores[file]);
  if (unscored.length > 0) console.log(`not scored: ${unscored.join(', ')}`);
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
  return tests.filter((test) => path.dirname(test) === path.dirname(file));
}

/**
 * Of a file and its tests, comments left out.
 * @param {string} file
 */
function hashOf(file) {
  const hash = createHash('sha256');
  for (const name of [file, ...testsOf(file), 'src/testing.fixture.ts']) {
    const lines = readFileSync(path.join(packageFolder, name), 'utf8').split('\n');
    hash.update(`${name}\n${lines.filter((line) => !/^\s*(\/\/|\/?\*)/.test(line)).join('\n')}`);
  }
  return hash.digest('hex');
}

/**
 * Runs a file's mutants in a copy of the package, where Stryker may write.
 * @param {string} file
 */
async function mutate(file) {
  console.log(`${file}:`);
  const copy = mkdtempSync(path.join(tmpdir(), 'mlm-mutation-'));
  try {
    for (const name of ['vitest.shared.ts', 'vitest.setup.ts', 'tsconfig.base.json', 'package.json']) {
      cpSync(path.join(root, name), path.join(copy, name));
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    mkdirSync(path.join(copy, 'packages'));
    for (const other of ['base', 'arrow']) {
      symlinkSync(path.join(root, 'packages', other), path.join(copy, 'packages', other));
    }
    const folder = path.join(copy, 'packages/masking');
    cpSync(packageFolder, folder, {
      recursive: true,
      filter: (source) => !['node_modules', 'dist', '.turbo'].includes(path.basename(source)),
    });
    symlinkSync(path.join(packageFolder, 'node_modules'), path.join(folder, 'node_modules'));
    // That there is a counter-example is enough: it need not be made smaller.
    const setup = path.join(copy, 'vitest.setup.ts');
    writeFileSync(setup, readFileSync(setup, 'utf8').replace('verbose: 1', 'endOnFailure: true'));
    writeFileSync(
      path.join(folder, 'vitest.config.ts'),
      `import shared from '../../vitest.shared.ts';
export default { ...shared, test: { ...shared.test, include: ${JSON.stringify(testsOf(file))} } };\n`,
    );
    process.chdir(folder);
    const stryker = new Stryker({
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner', path.join(here, 'reporter.js')],
      mutate: [file],
      vitest: { related: false },
      inPlace: true,
      coverageAnalysis: 'perTest',
      concurrency: 1,
      timeoutMS: 4000,
      timeoutFactor: 2,
      reporters: ['survivors'],
      logLevel: 'warn',
      warnings: { slow: false },
    });
    const results = await stryker.runMutationTest();
    const counted = results.filter(
      ({ status }) => !['CompileError', 'RuntimeError', 'Ignored'].includes(status),
    );
    const lines = readFileSync(path.join(packageFolder, file), 'utf8').split('\n');
    const survivors = counted
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location, mutatorName, replacement }) => ({
        line: /** @type {string} */ (lines[location.start.line - 1]).trim(),
        mutator: mutatorName,
        replacement: replacement ?? '',
      }));
    return { mutants: counted.length, survivors };
  } finally {
    process.chdir(packageFolder);
    rmSync(copy, { recursive: true, force: true });
  }
}
