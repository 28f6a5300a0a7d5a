import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openDataset } from '@mlm/arrow';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { letters, rowsIn, wideText } from '../../test/corpus.js';
import { contentHash } from '../cut/content-hash.js';
import { splitOf } from '../cut/split.js';
import { BadRecordLog } from './bad-records.js';
import { type PreprocessOptions, preprocess } from './preprocess.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-split-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function run(inputs: string[], options: Partial<PreprocessOptions> = {}) {
  const output = join(folder, 'out.arrow');
  const report = await preprocess({
    inputs,
    output,
    tokenizer: await letters(),
    sequenceLength: 16,
    workers: 0,
    overwrite: true,
    ...options,
  });
  const dataset = await openDataset(output);
  const train = await rowsIn(dataset);
  const validation = dataset.validation ? await rowsIn(dataset.validation) : [];
  await dataset.close();
  return { report, train, validation };
}

test('by content, equal documents go to validation together, wherever they stand and however they are cut', async () => {
  // Long documents that cross the ends of units, at other places in each file.
  const documents = Array.from(
    { length: 14 },
    (_, i) =>
      `${'abc'.slice(i % 3)}${'cab'.slice(i % 2)} a${'b'.repeat(i)} ${wideText(90, i).replaceAll(/\n\s*\n/g, '\n')}`,
  );
  const shuffled = documents.map((_, i) => documents[(5 * i + 3) % documents.length]!);
  const a = await put('a.txt', documents.join('\n\n'));
  const b = await put('b.txt', `a\n\n${shuffled.join('\n\n\n')}`);
  const records = await put(
    'c.jsonl',
    documents.map((text) => JSON.stringify({ text: text.trim() })).join('\n'),
  );
  const options = {
    evalFraction: 0.4,
    splitBy: 'content',
    document: 'blank-line',
    sequenceLength: 4096,
  } as const;
  const idsOf = (rows: number[][]) => rows.flat().filter((id) => id > 3).length;
  const one = await run([a], options);
  const two = await run([b], options);
  const three = await run([records], options);
  expect(one.validation.length).toBeGreaterThan(0);
  expect(one.train.length).toBeGreaterThan(0);
  expect(idsOf(two.validation)).toBeGreaterThanOrEqual(idsOf(one.validation));
  expect(idsOf(two.validation) - idsOf(one.validation)).toBeLessThanOrEqual(1);
  expect(idsOf(three.validation)).toBe(idsOf(one.validation));
  const twice = await run([a, b], { ...options, workers: 2 });
  expect(idsOf(twice.validation)).toBe(idsOf(one.validation) + idsOf(two.validation));
  expect((await run([a], { ...options, seed: 7 })).validation).not.toEqual(one.validation);
});

test('by content, what decides are the bytes of a document, added tokens included', async () => {
  const documents = Array.from({ length: 60 }, (_, i) => `[MASK]${' a'.repeat(i + 1)} [SEP] b`);
  const path = await put('tokens.txt', documents.join('\n'));
  const { validation } = await run([path], {
    evalFraction: 0.4,
    splitBy: 'content',
    lineByLine: true,
    sequenceLength: 128,
  });
  const rule = { evalFraction: 0.4, seed: 42 };
  const expected = documents.filter(
    (document) => splitOf(rule, contentHash(Buffer.from(document)), 0) === 'validation',
  );
  const a = (await letters()).encoder().encode(Buffer.from('a'), { document: 'none' }).ids[0];
  expect(validation.map((row) => row.filter((id) => id === a).length)).toEqual(
    expected.map((document) => document.split(' a').length - 1),
  );
});

test('by row, a single document is divided, and its rows are all there', async () => {
  const path = await put('one.txt', 'a b c '.repeat(2000));
  const whole = await run([path]);
  const byDocument = await run([path], { evalFraction: 0.2 });
  expect([byDocument.train.length * byDocument.validation.length, byDocument.report.validationRows]).toEqual([
    0,
    byDocument.validation.length,
  ]);
  const { train, validation, report } = await run([path], { evalFraction: 0.2, evalBy: 'row' });
  expect(report.validationRows).toBe(validation.length);
  expect(validation.length / whole.train.length).toBeGreaterThan(0.1);
  expect(validation.length / whole.train.length).toBeLessThan(0.3);
  const key = (rows: number[][]) => rows.map(String).sort();
  expect(key([...train, ...validation])).toEqual(key(whole.train));
});

test('records that cannot be read are left out, counted and listed, and a resumed run lists them once', async () => {
  const good = (i: number) => `{"text":"${'a b c '.repeat(1 + (i % 5))}${' '.repeat(3000)}"}`;
  const bad = ['{"text": 1}', 'no json', '{"body": "a"}', '{"text": "cut'];
  const lines = Array.from({ length: 6000 }, (_, i) => (i % 500 === 7 ? bad[(i / 500) & 3]! : good(i)));
  const path = await put('a.jsonl', `${lines.join('\n')}\n`);
  const clean = await put('clean.jsonl', `${lines.filter((line) => !bad.includes(line)).join('\n')}\n`);
  const table = await put('b.csv', 'id,text\n1,a\n2,b,c\n3,c\n');
  await expect(run([path])).rejects.toThrow(/a\.jsonl:8: this line .*onBadRecord: skip/);
  const output = join(folder, 'out.arrow');
  for (const workers of [0, 2]) {
    const { report, train } = await run([path, table], { onBadRecord: 'skip', workers });
    expect(report.counts.bad_records).toBe(13);
    expect(report.badRecords).toMatchObject({ count: 13, list: `${output}.bad-records.jsonl` });
    expect(report.badRecords!.first).toHaveLength(10);
    expect(report.badRecords!.first[0]).toBe(`${path}:8: has no text in its field "text"`);
    const listed = (await readFile(report.badRecords!.list!, 'utf8')).trim().split('\n');
    const records = listed.map(
      (line) => JSON.parse(line) as { path: string; line?: number; record?: number },
    );
    expect(records.map(({ line, record }) => line ?? -record!)).toEqual([
      ...lines.flatMap((line, i) => (bad.includes(line) ? [i + 1] : [])),
      -2,
    ]);
    expect(train.flat().filter((id) => id > 3)).toHaveLength(
      (await run([clean, await put('b2.csv', 'text\na\nc\n')])).train.flat().filter((id) => id > 3).length,
    );
  }
  const options = {
    inputs: [path],
    output: join(folder, 'other.arrow'),
    tokenizer: await letters(),
    workers: 0,
    onBadRecord: 'skip',
  } as const;
  const stop = new AbortController();
  const stopped = preprocess({
    ...options,

    signal: stop.signal,
    onProgress: () => stop.abort(),
  });
  await expect(stopped).rejects.toThrow(/abort/i);
  const { badRecords } = await preprocess({ ...options, resume: true });
  expect(badRecords?.count).toBe(12);
  expect((await readFile(badRecords!.list!, 'utf8')).trim().split('\n')).toHaveLength(12);
});

test('the list of an output that is being replaced stays until the new one is complete', async () => {
  const path = await put('some.jsonl', '{"text":"a b"}\n{"text":1}\n');
  const clean = await put('none.jsonl', '{"text":"a b"}\n');
  const cut = await put('cut.jsonl.gz', gzipSync('{"text":"a b"}\n{"text":2}\n').subarray(0, -9));
  const options = { output: join(folder, 'replaced.arrow'), tokenizer: await letters(), workers: 0 } as const;
  const list = `${options.output}.bad-records.jsonl`;
  const skip = { ...options, onBadRecord: 'skip' } as const;
  await preprocess({ ...skip, inputs: [path] });
  const listed = await readFile(list, 'utf8');
  expect(listed).toMatch(/^\{"unit":0,"path":".*some\.jsonl","line":2,"problem":".*"\}\n$/);
  // Refused, and failing after its first records.
  await expect(preprocess({ ...skip, inputs: [path, clean] })).rejects.toThrow(/exists/);
  expect(await readFile(list, 'utf8')).toBe(listed);
  await expect(preprocess({ ...skip, inputs: [path, cut], overwrite: true })).rejects.toThrow(/broken gzip/);
  expect(await readFile(list, 'utf8')).toBe(listed);
  // Failing in its first unit, so that nothing is there to resume.
  const stop = new AbortController();
  const stopped = { signal: stop.signal, onProgress: () => stop.abort() };
  const unit = await put('unit.jsonl', '{"text":"a b"}\n'.repeat(4000));
  await expect(preprocess({ ...skip, ...stopped, inputs: [unit], overwrite: true })).rejects.toThrow(
    /abort/i,
  );
  expect(await readFile(list, 'utf8')).toBe(listed);
  expect((await readdir(folder)).filter((name) => name.endsWith('.partial'))).toEqual([]);
  await preprocess({ ...options, inputs: [clean], overwrite: true });
  expect(existsSync(list)).toBe(false);
  expect((await readdir(folder)).filter((name) => name.endsWith('.jsonl.partial'))).toEqual([]);
});

test('a resumed run does not take up the list of the output that it replaces', async () => {
  const bad = await put('bad.jsonl', '{"text":1}\n');
  const clean = await put('long.jsonl', `{"text":"a b${' '.repeat(5000)}"}\n`.repeat(4000));
  const output = join(folder, 'resumed.arrow');
  const options = { output, tokenizer: await letters(), workers: 0, onBadRecord: 'skip' } as const;
  await preprocess({ ...options, inputs: [bad] });
  const stop = new AbortController();
  let batches = 0;
  const stopped = preprocess({
    ...options,
    inputs: [clean],
    overwrite: true,
    signal: stop.signal,
    onProgress: () => ++batches === 3 && stop.abort(),
  });
  await expect(stopped).rejects.toThrow(/abort/i);
  expect(existsSync(`${output}.bad-records.jsonl`)).toBe(true);
  const { resumedUnits, badRecords } = await preprocess({ ...options, inputs: [clean], resume: true });
  expect(resumedUnits).toBeGreaterThan(0);
  expect(badRecords?.count).toBe(0);
  expect((await readdir(folder)).filter((name) => name.startsWith('resumed'))).toEqual(['resumed.arrow']);
});

test('a list whose last line was cut off, or that was complete but for its name, is taken up', async () => {
  const output = join(folder, 'taken-up.arrow');
  const list = `${output}.bad-records.jsonl`;
  const records = [0, 1, 2].map((unit) =>
    JSON.stringify({ unit, path: 'a.jsonl', line: unit + 1, problem: 'x' }),
  );
  await writeFile(`${list}.partial`, `${records.join('\n')}\n{"unit":3,"pa`);
  const log = new BadRecordLog(list);
  log.add(2, [{ path: 'a.jsonl', numbers: 'line', records: [{ number: 3, problem: 'y' }] }]);
  log.open(2);
  expect(log.count).toBe(3);
  log.close();
  const left = [...records.slice(0, 2), '{"unit":2,"path":"a.jsonl","line":3,"problem":"y"}', ''].join('\n');
  expect(await readFile(`${list}.partial`, 'utf8')).toBe(left);
  const complete = new BadRecordLog(list);
  complete.open(Number.POSITIVE_INFINITY);
  complete.complete();
  expect(complete.first).toEqual(['a.jsonl:1: x', 'a.jsonl:2: x', 'a.jsonl:3: y']);
  expect(await readFile(list, 'utf8')).toBe(left);
});
