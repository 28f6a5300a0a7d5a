import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  createWriteStream,
  renameSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { link, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { arrowFile, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { rowsIn } from '../../test/corpus.js';
import { listFiles } from '../source/list.js';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { tokenize } from '../stream/tokenize.js';
import { loadTokenizer } from '../tokenizer/load.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { type PreprocessOptions, preprocess } from './preprocess.js';

const sources = fileURLToPath(new URL('../../fixtures/sources/', import.meta.url));
const texts = ['The first text.\nIt has two lines.', 'Ünïcode, 東京 and \u{1f600}.', 'The last one'];
const documents = `${texts.join('\n\n')}\n`;

let tokenizer: Tokenizer;
let folder: string;
beforeAll(async () => {
  tokenizer = await loadTokenizer();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-formats-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function run(inputs: string[], options: Partial<PreprocessOptions> = {}) {
  const output = join(folder, 'out', 'out.arrow');
  await mkdir(join(folder, 'out'), { recursive: true });
  const report = await preprocess({ inputs, output, tokenizer, workers: 0, overwrite: true, ...options });
  const dataset = await openDataset(output);
  const rows = await rowsIn(dataset);
  await dataset.close();
  return { report, rows };
}

test('the same texts give the same rows in each format', async () => {
  const expected = (await run([await put('a.txt', documents)])).rows;
  expect(expected).toHaveLength(1);
  const records = texts.map((body, id) => `${JSON.stringify({ id, body })}\n`).join('');
  const inputs = [
    await put('b.txt.gz', gzipSync(documents)),
    join(sources, 'text.txt.zst'),
    await put('c.jsonl', records),
    await put('d.ndjson.gz', gzipSync(records)),
    join(sources, 'zstd.parquet'),
    join(sources, 'snappy.parquet'),
    join(sources, 'file.arrow'),
    join(sources, 'stream.arrow'),
  ];
  for (const input of inputs) {
    const { rows, report } = await run([input], { textField: 'body' });
    expect(rows, basename(input)).toEqual(expected);
    expect(report.counts.documents, basename(input)).toBe(3);
  }
});

test('documents end where the option says', async () => {
  const input = await put('a.txt', documents);
  const count = async (document: 'blank-line' | 'line' | 'file') =>
    (await run([input, await put('b.txt', 'x')], { document })).report.counts.documents;
  expect([await count('blank-line'), await count('line'), await count('file')]).toEqual([4, 5, 2]);
});

test('line by line, each line is a row, wrapped or truncated', async () => {
  const input = await put('a.txt', 'one two three four five\n\nsix\n');
  const words = async (overflow: 'wrap' | 'truncate') => {
    const { rows } = await run([input], { lineByLine: true, document: 'line', overflow, sequenceLength: 5 });
    return rows.map((row) => tokenizer.decode(row));
  };
  expect(await words('wrap')).toEqual([
    '[CLS] one two three [SEP]',
    '[CLS] four five [SEP]',
    '[CLS] six [SEP]',
  ]);
  expect(await words('truncate')).toEqual(['[CLS] one two three [SEP]', '[CLS] six [SEP]']);
});

test('a file is read once however it is reached, hidden and unknown files are left out', async () => {
  await mkdir(join(folder, 'in', 'sub'), { recursive: true });
  await put('in/b.txt', 'b');
  await put('in/sub/a.txt', 'a');
  await put('in/.hidden.txt', 'h');
  await put('in/picture.png', 'p');
  await symlink(join(folder, 'in', 'sub'), join(folder, 'in', 'again'));
  await symlink(join(folder, 'in'), join(folder, 'in', 'sub', 'loop'));
  await symlink(join(folder, 'in', 'b.txt'), join(folder, 'in', 'a-link.txt'));
  await link(join(folder, 'in', 'b.txt'), join(folder, 'in', 'c.txt'));
  const names = async (...inputs: string[]) => {
    const { files, skipped } = await listFiles(inputs.map((input) => join(folder, input)));
    return [files.map(({ path }) => resolve(path).slice(folder.length)), skipped];
  };
  expect(await names('in')).toEqual([['/in/b.txt', '/in/c.txt', '/in/sub/a.txt'], 1]);
  expect(await names('in/sub/a.txt', 'in', 'in/b.txt')).toEqual([
    ['/in/b.txt', '/in/c.txt', '/in/sub/a.txt'],
    1,
  ]);
  expect(await names('in/*.txt')).toEqual([['/in/b.txt', '/in/c.txt'], 0]);
  expect(await names('in/a-link.txt', 'in/b.txt')).toEqual([['/in/b.txt'], 0]);
});

test('a line ends as in Python’s text mode, and a byte order mark is no text', async () => {
  const expected = await run([await put('a.txt', documents)], { document: 'line' });
  const ends = { '\r\n': 'b', '\r': 'c' };
  for (const [end, name] of Object.entries(ends)) {
    const body = `\ufeff${documents.replaceAll('\n', end)}`;
    const { rows, report } = await run([await put(`${name}.txt`, body)], { document: 'line' });
    expect(rows, name).toEqual(expected.rows);
    expect(report.counts.documents).toBe(expected.report.counts.documents);
    const blank = await run([await put(`${name}.txt`, body)]);
    expect(blank.report.counts.documents).toBe(3);
  }
  // A carriage return inside a record ends no line, as its line feeds do not.
  const record = `\ufeff${JSON.stringify({ text: 'one\rtwo\nthree' })}\n`;
  const { report, rows } = await run([await put('r.jsonl', record)], { lineByLine: true });
  expect(report.counts.documents).toBe(1);
  expect(tokenizer.decode(rows[0]!)).toBe('[CLS] one two three [SEP]');
});

test('a file that changes after it was listed, or while it is read, ends the run', async () => {
  // Seven units, of which few are read ahead.
  const text = `${'ab'.padEnd(3000)}\n`.repeat(10_000);
  const changes: Record<string, (path: string) => void> = {
    rewritten: (path) => writeFileSync(path, text.replaceAll('ab', 'ba')),
    shortened: (path) => truncateSync(path, 29e6),
    grown: (path) => appendFileSync(path, 'more'),
    replaced: (path) => {
      const { atime, mtime } = statSync(path);
      writeFileSync(`${path}.new`, text.toUpperCase());
      utimesSync(`${path}.new`, atime, mtime);
      renameSync(`${path}.new`, path);
    },
  };
  const contents = { txt: text, 'txt.gz': gzipSync(text, { level: 0 }) };
  for (const [name, change] of Object.entries(changes))
    for (const [kind, content] of Object.entries(contents)) {
      const path = await put(`${name}.${kind}`, content);
      const options = { output: join(folder, 'out.arrow'), tokenizer, workers: 0, overwrite: true };
      let isChanged = false;
      const changeOnce = () => {
        if (!isChanged) change(path);
        isChanged = true;
      };
      const run = preprocess({ ...options, inputs: [path], onProgress: changeOnce });
      // What is open stays as it is when another file takes its name.
      if (name === 'replaced' && kind === 'txt.gz') await run;
      else await expect(run, `${name} ${kind}`).rejects.toThrow(/changed while it was being read/);
      await put(`${name}.${kind}`, content);
      const inputs = await listFiles([path]);
      change(path);
      const late = preprocess({ ...options, inputs });
      await expect(late, `${name} ${kind}, listed`).rejects.toThrow(/changed while it was being read/);
    }
});

test('text of 70 MB without any whitespace is taken in pieces', async () => {
  const { report } = await run([await put('long.txt', Buffer.alloc(70e6, 'é'))]);
  expect(report.counts).toMatchObject({ documents: 1, bytes: 70e6, invalid_utf8: 0 });
});

test('ill-formed UTF-8 is replaced and counted', async () => {
  const { report } = await run([await put('a.txt', Buffer.from([97, 255, 32, 98, 0xc3]))]);
  expect(report.counts.invalid_utf8).toBe(2);
});

test('a line of 100 MB is taken in pieces', async () => {
  const line = Buffer.alloc(100e6, 'word '.padEnd(5000));
  const { report } = await run([await put('long.txt', line)], { document: 'line' });
  expect(report.counts).toMatchObject({ documents: 1, bytes: 100e6 });
});

test('what cannot be read is named in one line, and leaves nothing behind', async () => {
  const bad: [string | Uint8Array, string, RegExp][] = [
    [Buffer.from([1, 0, 2]), 'binary.txt', /binary\.txt: is binary/],
    ['', 'empty.txt', /empty\.txt: no text/],
    [gzipSync(documents).subarray(0, 50), 'cut.txt.gz', /cut\.txt\.gz: broken gzip data/],
    ['not gzip', 'no.txt.gz', /no\.txt\.gz: broken gzip data/],
    ['not zstd', 'no.txt.zst', /no\.txt\.zst: broken zstd data/],
    [
      (await readFile(join(sources, 'text.txt.zst'))).subarray(0, 40),
      'cut.txt.zst',
      /cut\.txt\.zst: broken zstd/,
    ],
    ['{"text":"a"}\n{"text":}\n', 'bad.jsonl', /bad\.jsonl:2: this line is not JSON/],
    ['{"body":"a"}\n', 'field.jsonl', /field\.jsonl:1: .*textField/],
    ['no parquet', 'no.parquet', /no\.parquet: not a whole Parquet file/],
    ['no arrow file', 'no.arrow', /no\.arrow: not a whole Arrow file/],
    ['four', 'four.arrow', /four\.arrow: not a whole Arrow file/],
    [
      (await readFile(join(sources, 'file.arrow'))).subarray(0, 20),
      'head.arrow',
      /head\.arrow: not a whole Arrow/,
    ],
    [
      (await readFile(join(sources, 'file.arrow'))).subarray(0, 400),
      'cut.arrow',
      /cut\.arrow: not a whole Arrow/,
    ],
  ];
  for (const [content, name, message] of bad)
    for (const workers of [0, 1]) {
      const failure = run([await put(name, content)], { workers });
      await expect(failure, name).rejects.toThrow(message);
      await expect(failure, name).rejects.toBeInstanceOf(InputError);
      await expect(openDataset(join(folder, 'out', 'out.arrow'))).rejects.toThrow(/no such dataset/);
    }
  await expect(run([join(sources, 'file.arrow')])).rejects.toThrow(/no column "text" \(columns: id, body\)/);
  await expect(run([join(folder, 'nowhere')])).rejects.toThrow(/nowhere: no such file or folder/);
  await mkdir(join(folder, 'bare'));
  await expect(run([join(folder, 'bare')])).rejects.toThrow(/no text found/);
  await expect(run([folder])).rejects.toThrow(/inside the input/);
});

test('a pipe is read as a stream, once and from its beginning', async () => {
  const expected = (await run([await put('a.txt', documents)])).rows;
  const pipe = join(folder, 'pipe.txt');
  execFileSync('mkfifo', [pipe]);
  const [{ rows }] = await Promise.all([run([pipe]), writeFile(pipe, documents)]);
  expect(rows).toEqual(expected);
  const parquet = join(folder, 'pipe.parquet');
  execFileSync('mkfifo', [parquet]);
  await expect(listFiles([parquet])).rejects.toThrow(/pipe\.parquet: is not a regular file; pipe it in/);
  await expect(listFiles(['-'], { inputFormat: 'parquet' })).rejects.toThrow(
    /^standard input: parquet is not read from front to back, which a pipe needs; name a file$/,
  );
});

test('the bytes written do not depend on the pace of reading, nor on how the text is packed', async () => {
  const text = Array.from({ length: 9 }, (_, i) => `w${i} `.padEnd(1e6)).join('\n\n');
  const written = async (input: string, feed?: (stream: Writable) => Promise<void>) => {
    const output = join(folder, 'paced.arrow');
    if (feed) execFileSync('mkfifo', [input]);
    const stream = feed && createWriteStream(input);
    const options = { inputs: [input], output, tokenizer, workers: 0, overwrite: true, evalFraction: 0.3 };
    await Promise.all([preprocess(options), stream && feed?.(stream).then(() => stream.end())]);
    const files = [await readFile(output), await readFile(join(folder, 'paced.eval.arrow'))];
    return files.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
  };
  const expected = await written(await put('plain.txt', text));
  expect(await written(await put('packed.txt.gz', gzipSync(text)))).toEqual(expected);
  const atOnce = await written(join(folder, 'one.txt'), async (stream) => void stream.write(text));
  const paused = await written(join(folder, 'two.txt'), async (stream) => {
    // The first unit ends in what is there before the pause.
    stream.write(text.slice(0, 4.3e6));
    await setTimeout(300);
    stream.write(text.slice(4.3e6));
  });
  expect(atOnce).toEqual(expected);
  expect(paused).toEqual(expected);
});

test('the steps join as Node streams, with another transform between them', async () => {
  const path = await put('a.txt', documents);
  const output = join(folder, 'stream.arrow');
  let batches = 0;
  await pipeline(
    textFiles([path]),
    tokenize({ tokenizer, workers: 1 }),
    async function* (source: AsyncIterable<unknown>) {
      for await (const batch of source) {
        batches++;
        yield batch;
      }
    },
    arrowFile(output),
  );
  const dataset = await openDataset(output);
  expect(batches).toBe(1);
  expect(dataset.metadata?.tokenizer.name).toBe('bert-base-uncased');
  expect(await rowsIn(dataset)).toEqual((await run([path])).rows);
  await dataset.close();
});

test.each([0, 2])(
  'a finished unit is handed on while the source has no more yet (%i workers)',
  async (workers) => {
    const file = await put('long.txt', ''.padEnd(10 << 20, 'some words and then '));
    let seen = () => {};
    const isSeen = new Promise<void>((resolve) => {
      seen = resolve;
    });
    const slowly = async function* (units: AsyncIterable<Unit>) {
      for await (const unit of units) {
        // Without the rows of the first unit, the second never comes.
        if (unit.number > 0) await isSeen;
        yield unit;
      }
    };
    let count = 0;
    for await (const _ of Readable.from(slowly(textFiles([file]))).compose(
      tokenize({ tokenizer, workers }),
    )) {
      count++;
      seen();
    }
    expect(count).toBe(3);
  },
);

test('a slow sink holds the source back', async () => {
  const files = await Promise.all(
    Array.from({ length: 12 }, (_, i) => put(`${i}.txt`, ''.padEnd(3 << 20, `w${i} `.padEnd(4000)))),
  );
  let taken = 0;
  const units = textFiles(files).map((unit) => {
    taken++;
    return unit;
  });
  const batches = units.compose(tokenize({ tokenizer, workers: 2 }));
  for await (const _ of Readable.from(batches)) break;
  expect(taken).toBeLessThan(12);
});
