import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const hooks = join(folder, 'hooks.mjs');
const commonHooks = join(folder, 'hooks.cjs');

beforeAll(() => {
  // Write down each module that a process or a thread of it loads, those in CommonJS when they are required.
  const load = `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  if (/^file:.*(?<!\\.cjs|bin\\/mlm\\.js)$/.test(url)) appendFileSync(process.env.LOADED, url + '\\n');
  return next(url, context);
}`;
  const register = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(load)}));`;
  const patch = `const { prototype } = require('node:module');
const { load } = prototype;
prototype.load = function (path) {
  require('node:fs').appendFileSync(process.env.LOADED, require('node:url').pathToFileURL(path) + '\\n');
  load.call(this, path);
};`;
  writeFileSync(hooks, register);
  writeFileSync(commonHooks, patch);
  writeFileSync(join(folder, 'line.txt'), 'The quick brown fox jumps over the lazy dog.\n');
});

interface Loaded {
  /** The files, once for each thread, by their path from `packages` or `node_modules` on. */
  files: string[];
  /** The modules in them: a bundle names each before its code. */
  modules: string[];
}

/** What a command loads. */
async function loadedBy(...args: string[]): Promise<Loaded> {
  const LOADED = join(folder, 'loaded');
  rmSync(LOADED, { force: true });
  const env = { LOADED, NODE_OPTIONS: `--require ${commonHooks} --import ${hooks}` };
  const { code, stderr } = await runMlm(args, { cwd: folder, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const urls = readFileSync(LOADED, 'utf8').trim().split('\n');
  const shorten = (url: string) => url.replace(/.*\/(packages|node_modules)\//, '');
  const modules = urls.flatMap((url) => {
    const [, root] = /^(.*\/)dist\/bundle\//.exec(url) ?? [];
    if (root === undefined) return [shorten(url)];
    // A bundle in CommonJS is made of the one beside it.
    const code = readFileSync(new URL(url.replace(/\.cjs$/, '.js')), 'utf8');
    const named = new Set([...code.matchAll(/^\/\/ (dist\/.*\.js)$/gm)].map(([, path]) => path!));
    return [...named].map((path) => shorten(`${root}${path}`));
  });
  return { files: urls.map(shorten), modules };
}

test('help loads what can be typed, and nothing that does the work', async () => {
  const { files, modules } = await loadedBy('--help');
  expect(modules).toContain('cli/dist/commands/preprocess/command.js');
  expect(modules.filter((path) => /\/run\.js$|apache-arrow|^tokenize\/dist\/encoder\//.test(path))).toEqual(
    [],
  );
  expect(files.length).toBeLessThanOrEqual(24);
});

test('a short text is made a dataset with few modules: of this command alone, without apache-arrow, in one thread', async () => {
  const { files, modules } = await loadedBy('preprocess', 'line.txt', 'short.arrow', '--workers', '2', '-q');
  expect(modules.filter((path) => path.endsWith('/run.js'))).toEqual(['cli/dist/commands/preprocess/run.js']);
  expect(modules.filter((path) => /apache-arrow|worker\/thread|\/(bpe|unigram)\.js$/.test(path))).toEqual([]);
  expect(modules.filter((path, i) => modules.indexOf(path) < i)).toEqual([]);
  expect(files.length).toBeLessThanOrEqual(64);
});

test.each([
  ['preprocess', 'line.txt', 'again.arrow', '-q', '--overwrite'],
  ['verify', 'again.arrow', '-q'],
])(
  '%s loads bundles alone: no module is there twice, once in a bundle and once as it was',
  async (...args) => {
    const { files } = await loadedBy(...args);
    expect(files.filter((path) => /^(\w+\/dist\/(?!bundle\/)|commander\/)/.test(path))).toEqual([]);
  },
);

test('where Node cannot require modules of the other kind, preprocess reads what needs such packages', async () => {
  const file = (name: string) =>
    fileURLToPath(new URL(`../../tokenize/fixtures/sources/${name}`, import.meta.url));
  for (const name of ['columns/zstd.parquet', 'text.txt.zst']) {
    const env = { NODE_OPTIONS: '--no-experimental-require-module' };
    const run = await runMlm(['preprocess', file(name), 'read.arrow', '--overwrite', '-q'], {
      cwd: folder,
      env,
    });
    expect(run, name).toMatchObject({ code: 0, stderr: '' });
  }
});

test('a long text has a thread for each worker, of which the main thread is one, and the same bytes as in that alone', async () => {
  mkdirSync(join(folder, 'long'));
  const line = readFileSync(join(folder, 'line.txt'), 'utf8');
  writeFileSync(join(folder, 'long/a.txt'), line.repeat(120_000));
  const { modules } = await loadedBy('preprocess', 'long', 'two.arrow', '--workers', '2', '-q');
  expect(modules.filter((path) => path === 'tokenize/dist/worker/thread.js')).toHaveLength(1);
  await loadedBy('preprocess', 'long', 'one.arrow', '--workers', '1', '-q');
  const [two, one] = ['two', 'one'].map((name) => readFileSync(join(folder, `${name}.arrow`)));
  expect(two!.equals(one!)).toBe(true);
});

test('a wrong input beside a long one ends the run with one line, though a thread has been started', async () => {
  writeFileSync(join(folder, 'big.txt'), readFileSync(join(folder, 'line.txt'), 'utf8').repeat(50_000));
  const wrong: [number, ...string[]][] = [
    [1, 'big.txt', 'missing.txt', 'wrong.arrow'],
    [1, 'big.txt', 'big.txt'],
    [1, 'big.txt', 'wrong.arrow', '--tokenizer', 'missing'],
    [1, 'big.txt', 'missing/wrong.arrow', '--protect', 'nosuchtoken'],
    [2, 'big.txt', '-', '--eval-fraction', '0.1'],
  ];
  const before = readdirSync(folder);
  for (const [expected, ...args] of wrong) {
    const { code, stdout, stderr } = await runMlm(['preprocess', ...args, '--workers', '2'], { cwd: folder });
    expect([args, code, stdout.length], stderr).toEqual([args, expected, 0]);
    expect(stderr).toMatch(/^mlm: .*\n$/);
  }
  expect(readdirSync(folder)).toEqual(before);
});
