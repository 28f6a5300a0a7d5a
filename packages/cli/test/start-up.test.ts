import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
const hooks = join(folder, 'hooks.mjs');

beforeAll(() => {
  // Writes down each module that a process or a thread of it loads.
  const load = `import { appendFileSync } from 'node:fs';
export async function load(url, context, next) {
  if (url.startsWith('file:')) appendFileSync(process.env.LOADED, url + '\\n');
  return next(url, context);
}`;
  const register = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(${JSON.stringify(load)}));`;
  writeFileSync(hooks, register);
  writeFileSync(join(folder, 'line.txt'), 'The quick brown fox jumps over the lazy dog.\n');
});

/** The modules that a command loads, once for each thread, by their path from `packages` or `node_modules` on. */
async function modulesOf(...args: string[]): Promise<string[]> {
  const LOADED = join(folder, 'loaded');
  rmSync(LOADED, { force: true });
  const env = { LOADED, NODE_OPTIONS: `--import ${hooks}` };
  const { code, stderr } = await runMlm(args, { cwd: folder, env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const urls = readFileSync(LOADED, 'utf8').trim().split('\n');
  return urls.map((url) => url.replace(/.*\/(packages|node_modules)\//, ''));
}

test('help loads what can be typed, and nothing that does the work', async () => {
  const modules = await modulesOf('--help');
  expect(modules).toContain('cli/dist/commands/preprocess/command.js');
  expect(modules.filter((path) => /\/run\.js$|apache-arrow|^tokenize\/dist\/encoder\//.test(path))).toEqual(
    [],
  );
  expect(modules.length).toBeLessThanOrEqual(60);
});

test('a short text is made a dataset with few modules: of this command alone, without apache-arrow, in one thread', async () => {
  const modules = await modulesOf('preprocess', 'line.txt', 'short.arrow', '--workers', '2', '-q');
  expect(modules.filter((path) => path.endsWith('/run.js'))).toEqual(['cli/dist/commands/preprocess/run.js']);
  expect(modules.filter((path) => /apache-arrow|worker\/thread|\/(bpe|unigram)\.js$/.test(path))).toEqual([]);
  expect(modules.filter((path, i) => modules.indexOf(path) < i)).toEqual([]);
  expect(modules.length).toBeLessThanOrEqual(200);
});

test('a long text has a thread for each worker, and the same bytes as in this thread', async () => {
  mkdirSync(join(folder, 'long'));
  const line = readFileSync(join(folder, 'line.txt'), 'utf8');
  writeFileSync(join(folder, 'long/a.txt'), line.repeat(120_000));
  const modules = await modulesOf('preprocess', 'long', 'two.arrow', '--workers', '2', '-q');
  expect(modules.filter((path) => path === 'tokenize/dist/worker/thread.js')).toHaveLength(2);
  await modulesOf('preprocess', 'long', 'none.arrow', '--workers', '0', '-q');
  const [two, none] = ['two', 'none'].map((name) => readFileSync(join(folder, `${name}.arrow`)));
  expect(two!.equals(none!)).toBe(true);
});
