import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import module, { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, test } from 'vitest';
import { runMlm, runScript, temporaryFolder } from './run-mlm.js';

const keeper = fileURLToPath(new URL('../bin/compiled-code.cjs', import.meta.url));
let folder: string;
let cache: string;

beforeEach(() => {
  folder = temporaryFolder();
  cache = join(folder, 'cache');
  mkdirSync(join(folder, 'dist/bundle'), { recursive: true });
  writeBundle('index', `exports.answer = require('./other.cjs').twice(21);`);
  writeBundle('other', `exports.twice = (x) => 2 * x;`);
});

function writeBundle(name: string, code: string): void {
  writeFileSync(join(folder, `dist/bundle/${name}.cjs`), code);
}

/** What the bundle answers, and which of its modules V8 took from the kept code. */
async function load(
  environment: NodeJS.ProcessEnv = {},
  before = '',
): Promise<{ answer: unknown; kept: string[] }> {
  // Tells which scripts were made with code that V8 accepts.
  const script = `${before}
    const vm = require('node:vm');
    const kept = [];
    vm.Script = class extends vm.Script {
      constructor(source, options) {
        super(source, options);
        if (this.cachedDataRejected === false) kept.push(require('node:path').basename(options.filename, '.cjs'));
      }
    };
    require(${JSON.stringify(keeper)})('test');
    const { answer } = require(${JSON.stringify(join(folder, 'dist/bundle/index.cjs'))});
    console.log(JSON.stringify({ answer, kept }));`;
  const { code, stdout, stderr } = await runScript(script, { env: { MLM_CACHE: cache, ...environment } });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.toString()) as { answer: unknown; kept: string[] };
}

function cacheFile(): string {
  const [name, ...more] = readdirSync(cache);
  expect(more).toEqual([]);
  return join(cache, name!);
}

test('a second run takes the compiled code of the first, and writes none', async () => {
  expect(await load()).toEqual({ answer: 42, kept: [] });
  const { mtimeNs } = statSync(cacheFile(), { bigint: true });
  expect(await load()).toEqual({ answer: 42, kept: ['index', 'other'] });
  expect(statSync(cacheFile(), { bigint: true }).mtimeNs).toBe(mtimeNs);
});

test('a name means the module beside the one that requires it, though each is looked for once', async () => {
  const other = join(folder, 'other/dist/bundle');
  mkdirSync(other, { recursive: true });
  writeFileSync(
    join(other, 'index.cjs'),
    `exports.answer = require('./other.cjs').twice(require('./other.cjs').twice(1));`,
  );
  writeFileSync(join(other, 'other.cjs'), `exports.twice = (x) => 100 * x;`);
  writeBundle(
    'index',
    `exports.answer = require('./other.cjs').twice(require('${other}/index.cjs').answer);`,
  );
  expect(await load()).toEqual({ answer: 20_000, kept: [] });
  expect(await load()).toEqual({ answer: 20_000, kept: ['index', 'other', 'index', 'other'] });
});

test('a module that has changed is compiled, at the same length too, which is all that V8 compares', async () => {
  await load();
  writeBundle('other', `exports.twice = (x) => 3 * x;`);
  expect(await load()).toEqual({ answer: 63, kept: ['index'] });
  expect(await load()).toEqual({ answer: 63, kept: ['index', 'other'] });
});

test('the code of modules that a run did not load stays', async () => {
  await load();
  writeBundle('index', `exports.answer = 7;`);
  expect(await load()).toEqual({ answer: 7, kept: [] });
  writeBundle('index', `exports.answer = require('./other.cjs').twice(21);`);
  expect(await load()).toEqual({ answer: 42, kept: ['other'] });
});

test('the code of modules that are gone goes', async () => {
  await load();
  expect(readFileSync(cacheFile(), 'latin1')).toContain('other.cjs');
  rmSync(join(folder, 'dist/bundle/other.cjs'));
  writeBundle('index', `exports.answer = 7;`);
  expect(await load()).toEqual({ answer: 7, kept: [] });
  expect(readFileSync(cacheFile(), 'latin1')).not.toContain('other.cjs');
});

test.each([
  ['cut off', (content: Buffer) => content.subarray(0, content.length >> 1)],
  [
    'with a wrong byte',
    (content: Buffer) => Buffer.from(content.map((byte, i) => (i === 400 ? ~byte : byte))),
  ],
  ['empty', () => Buffer.alloc(0)],
  ['something else', () => Buffer.from('hello\nworld\n')],
])('a damaged file is not used, and replaced: %s', async (_, damage) => {
  await load();
  writeFileSync(cacheFile(), damage(readFileSync(cacheFile())));
  expect(await load()).toEqual({ answer: 42, kept: [] });
  expect(await load()).toEqual({ answer: 42, kept: ['index', 'other'] });
});

test('what another user has written is not run', async () => {
  await load();
  const asOther = `const { geteuid } = process; process.geteuid = () => geteuid() + 1;`;
  expect(await load({}, asOther)).toEqual({ answer: 42, kept: [] });
});

test('what another user may write is not run', async () => {
  await load();
  expect(statSync(cacheFile()).mode & 0o077).toBe(0);
  chmodSync(cacheFile(), 0o660);
  expect(await load()).toEqual({ answer: 42, kept: [] });
});

test('without a cache, or where none can be written, modules are compiled', async () => {
  expect(await load({ MLM_CACHE: 'off' })).toEqual({ answer: 42, kept: [] });
  expect(readdirSync(folder)).toEqual(['dist']);
  expect(await load({ MLM_CACHE: join(keeper, 'no-folder') })).toEqual({ answer: 42, kept: [] });
});

test('a module that imports at run time does so in every run', async () => {
  writeBundle('other', `exports.twice = (x) => import('node:path').then(({ sep }) => sep.length * 2 * x);`);
  writeBundle(
    'index',
    `require('./other.cjs').twice(21).then((answer) => console.error(answer)); exports.answer = 1;`,
  );
  const expected = { code: 0, stderr: '42\n' };
  const script = `require(${JSON.stringify(keeper)})('test'); require(${JSON.stringify(join(folder, 'dist/bundle/index.cjs'))});`;
  for (let run = 0; run < 2; run++)
    expect(await runScript(script, { env: { MLM_CACHE: cache } })).toMatchObject(expected);
});

test('the same command gives the same with kept code as without', async () => {
  writeFileSync(join(folder, 'a.txt'), 'The quick brown fox jumps over the lazy dog.\n');
  const outputs = [];
  for (const MLM_CACHE of ['off', cache, cache]) {
    const args = ['preprocess', 'a.txt', 'out.arrow', '--overwrite', '-q'];
    const { code, stderr } = await runMlm(args, { cwd: folder, env: { MLM_CACHE } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const { stdout } = await runMlm(['--help'], { env: { MLM_CACHE } });
    outputs.push([readFileSync(join(folder, 'out.arrow'), 'hex'), stdout.toString()]);
  }
  expect(outputs[1]).toEqual(outputs[0]);
  expect(outputs[2]).toEqual(outputs[0]);
});

test('the code of threads is kept too, where Node does not keep it itself', async () => {
  writeFileSync(join(folder, 'long.txt'), 'The quick brown fox jumps over the lazy dog.\n'.repeat(50_000));
  const times = [];
  for (let run = 0; run < 2; run++) {
    const args = ['preprocess', 'long.txt', 'out.arrow', '--workers', '2', '--overwrite', '-q'];
    const { code, stderr } = await runMlm(args, { cwd: folder, env: { MLM_CACHE: cache } });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const kept = existsSync(cache)
      ? readdirSync(cache).filter((name) => name.endsWith('-thread.compiled'))
      : [];
    expect(kept).toHaveLength('enableCompileCache' in module ? 0 : 1);
    times.push(kept.map((name) => statSync(join(cache, name), { bigint: true }).mtimeNs));
  }
  expect(times[1]).toEqual(times[0]);
});

test('a bundle has the same exports in CommonJS as it has as a module', async () => {
  for (const name of ['arrow', 'base', 'cli', 'masking', 'tokenize', 'train']) {
    const root = new URL(`../../${name}/`, import.meta.url);
    const { exports } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      exports: Record<string, { node?: { require: string; default: string } } | string>;
    };
    const bundles = Object.values(exports).flatMap((entry) =>
      typeof entry === 'object' ? (entry.node ?? []) : [],
    );
    expect(bundles.length).toBeGreaterThan(0);
    for (const { require: common, default: module } of bundles) {
      const required = createRequire(root)(fileURLToPath(new URL(common, root))) as object;
      const imported = (await import(new URL(module, root).href)) as object;
      expect([common, Object.keys(required).sort()]).toEqual([common, Object.keys(imported).sort()]);
    }
  }
});
