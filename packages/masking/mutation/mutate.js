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

const here = path.dirname(fileURLToPath(import.meta.url));
const packageFolder = path.dirname(here);
const root = path.join(packageFolder, '../..');

/** Tests left out: statistics over many datasets, and many threads, which would take seconds for each mutant. */
const TOO_SLOW = 'raise no alarm, whether|have p-values that are spread|by any number of threads';

/** @typedef {{ line: string, mutator: string, replacement: string }} Mutant */

/**
 * Changes a file in many small ways, one at a time, and runs its tests on each, in a copy of the package.
 * @param {string} file from the package's folder
 * @param {string[]} tests
 * @param {number} part of the file's lines, from 0 to 1, that the seed chooses, ten at a time
 * @param {number} seed
 * @returns {Promise<{ seconds: number, mutants: number, timedOut: number, survivors: Mutant[] }>}
 */
export async function mutate(file, tests, part, seed) {
  const began = Date.now();
  const copy = mkdtempSync(path.join(tmpdir(), 'mlm-mutation-'));
  try {
    process.chdir(copyPackage(copy, tests));
    const stryker = new Stryker({
      testRunner: 'vitest',
      plugins: ['@stryker-mutator/vitest-runner', path.join(here, 'reporter.js')],
      mutate: part === 1 ? [file] : linesOf(file, part, seed),
      vitest: { related: false },
      inPlace: true,
      coverageAnalysis: 'perTest',
      concurrency: 1,
      timeoutMS: 10_000,
      timeoutFactor: 3,
      dryRunTimeoutMinutes: 20,
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
    return {
      seconds: Math.round((Date.now() - began) / 1000),
      mutants: counted.length,
      timedOut: counted.filter(({ status }) => status === 'Timeout').length,
      survivors,
    };
  } finally {
    process.chdir(packageFolder);
    rmSync(copy, { recursive: true, force: true });
  }
}

/**
 * Ranges of ten lines each, as Stryker takes them: what is longer than a range is not mutated.
 * @param {string} file
 * @param {number} part
 * @param {number} seed
 */
function linesOf(file, part, seed) {
  const lines = readFileSync(path.join(packageFolder, file), 'utf8').split('\n').length;
  const blocks = Array.from({ length: Math.ceil(lines / 10) }, (_, block) => block);
  const order = blocks.sort((a, b) => hash(seed, a) - hash(seed, b));
  return order
    .slice(0, Math.max(1, Math.round(part * blocks.length)))
    .map((block) => `${file}:${10 * block + 1}-${10 * block + 10}`);
}

/**
 * The finalizer of MurmurHash3.
 * @param {number} seed
 * @param {number} number
 */
function hash(seed, number) {
  let mixed = seed ^ Math.imul(number + 1, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/**
 * Copies the package to where Stryker may write, with these tests alone.
 * @param {string} copy
 * @param {string[]} tests
 * @returns the package's folder there
 */
function copyPackage(copy, tests) {
  const shared = readdirSync(root).filter((name) => /^vitest\..*\.ts$/.test(name));
  for (const name of [...shared, 'tsconfig.base.json', 'package.json']) {
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
  // Threads run what is built, which is not mutated.
  for (const name of ['node_modules', 'dist']) {
    symlinkSync(path.join(packageFolder, name), path.join(folder, name));
  }
  // That there is a counter-example is enough: it need not be made smaller.
  const setup = path.join(copy, 'vitest.setup.ts');
  writeFileSync(setup, readFileSync(setup, 'utf8').replace('verbose: 1', 'endOnFailure: true'));
  writeFileSync(
    path.join(folder, 'vitest.config.ts'),
    `import shared from '../../vitest.shared.ts';
export default { ...shared, test: { ...shared.test, include: ${JSON.stringify(tests)}, testNamePattern: /^(?!.*(${TOO_SLOW}))/ } };\n`,
  );
  return folder;
}
