import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FormatName, formatNames, type InputFile } from '../formats/format.js';
import { FileList } from './file-list.js';
import { listFiles } from './list.js';

const segment = fc
  .array(fc.constantFrom('a', 'b', 'z', '-', '.', 'é', '\u{10000}', '\uff5e'), { minLength: 1, maxLength: 3 })
  .map((characters) => characters.join(''))
  .filter((name) => !/^\.+$/.test(name));
const path = fc
  .tuple(fc.constantFrom('', '/', './', '../x/', 'a//'), fc.array(segment, { minLength: 1, maxLength: 3 }))
  .map(([beginning, segments]) => beginning + segments.join('/'));
const kind = fc.record({
  format: fc.constantFrom<FormatName>(...formatNames),
  compression: fc.constantFrom<InputFile['compression']>('none', 'gzip', 'zstd'),
  size: fc.nat(),
  modified: fc.double({ min: 0, noNaN: true }),
});
const file: fc.Arbitrary<InputFile> = fc.oneof(
  fc
    .tuple(path, kind, fc.double({ noNaN: true }), fc.maxSafeNat())
    .map(([path, kind, changed, inode]) => ({ path, ...kind, changed, inode })),
  fc.tuple(path, kind).map(([path, kind]) => ({ path, ...kind, isAsked: true, isStream: true })),
  fc.tuple(path, kind, fc.option(fc.string())).map(([path, kind, version]) => {
    const address = `s3://${path}`;
    return { path: address, ...kind, stored: { url: address, version: version ?? undefined } };
  }),
  kind.map((kind) => ({ path: '-', ...kind })),
);
const placeOf = ({ path, stored }: InputFile) => (stored || path === '-' ? path : resolve(path));

test('a list gives back the files that it was given, ordered by the bytes of their paths', () => {
  const files = fc.uniqueArray(file, { selector: placeOf, maxLength: 40 });
  fc.assert(
    fc.property(files, (files) => {
      const list = FileList.of(files);
      expect([...list]).toEqual(files);
      expect(list.bytes).toBe(files.reduce((sum, { size }) => sum + size, 0));
      list.sort();
      const bytesOf = (file: InputFile) => Buffer.from(placeOf(file));
      expect([...list]).toEqual(files.toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b))));
      expect(Array.from(files, (_, ordinal) => list.absolutePath(ordinal))).toEqual(list.map(placeOf));
      expect(list.at(files.length)).toBeUndefined();
    }),
  );
});

test('files keep their numbers when thousands of them are sorted', () => {
  const files = Array.from({ length: 5000 }, (_, i): InputFile => {
    const place = (i * 2741) % 5000;
    return {
      path: `${place % 7}/${place}`,
      format: 'text',
      compression: 'none',
      size: place,
      modified: place / 3,
    };
  });
  const list = FileList.of(files);
  list.sort();
  expect([...list]).toEqual(files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
});

test('each of many files takes about a hundred bytes and its name', () => {
  const script = `import { FileList } from '${new URL('../../dist/source/file-list.js', import.meta.url)}';
    const used = () => { gc(); const { heapUsed, external } = process.memoryUsage(); return heapUsed + external; };
    const before = used();
    const list = new FileList();
    for (let i = 0; i < 100_000; i++)
      list.add({
        path: '/data/a-corpus-of-documents/' + (i >> 10) + '/document-' + String(i).padStart(9, '0') + '.txt',
        format: 'text', compression: 'none', size: 8192 + i, modified: 1.7e12 + i / 7, changed: 1.7e12 + i / 9, inode: 2 ** 40 + i,
      });
    list.sort();
    console.log((used() - before) / list.length);`;
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--expose-gc', '--input-type=module', '-e', script],
    { timeout: 60_000, encoding: 'utf8' },
  );
  expect(stderr).toBe('');
  expect(Number(stdout)).toBeGreaterThan(50);
  expect(Number(stdout)).toBeLessThan(150);
});

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'mlm-list-')));
  for (const name of ['in/sub/deep', 'other']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of [
    'in/a.txt',
    'in/b.txt',
    'in/b-.txt',
    'in/sub/c.txt',
    'in/sub/deep/d.txt',
    'other/e.txt',
  ])
    writeFileSync(join(folder, name), name);
  symlinkSync('../other', join(folder, 'in/elsewhere'));
  symlinkSync('../in', join(folder, 'other/back'));
  symlinkSync('sub/c.txt', join(folder, 'in/link.txt'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('neither the order of the inputs nor the way to a file makes a difference', async () => {
  const others = [
    'in/sub',
    'in/sub/deep/d.txt',
    'in/b.txt',
    'in/link.txt',
    'in/sub/../*.txt',
    'other',
    'other/back/a.txt',
  ];
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(others), fc.nat(others.length), async (inputs, place) => {
      inputs.splice(place, 0, 'in');
      const { files, bytes } = await listFiles(inputs.map((input) => join(folder, input)));
      const real = files.map(({ path }) => realpathSync(path).slice(folder.length + 1));
      expect(real.toSorted()).toEqual(
        ['in/a.txt', 'in/b-.txt', 'in/b.txt', 'in/sub/c.txt', 'in/sub/deep/d.txt', 'other/e.txt'].toSorted(),
      );
      expect(bytes).toBe(real.join('').length);
      const keys = files.map(({ path }) => resolve(path));
      expect(keys).toEqual(keys.toSorted());
    }),
    { numRuns: 60 },
  );
});
