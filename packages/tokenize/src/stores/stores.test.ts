import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { letters } from '../../test/corpus.js';
import { preprocess } from '../preprocess/preprocess.js';
import { listFiles } from '../source/list.js';
import { textFiles } from '../source/text-files.js';
import type { Unit } from '../source/unit.js';
import { unitTexts } from '../vocabulary/unit-texts.js';

const columns = fileURLToPath(new URL('../../fixtures/sources/columns/', import.meta.url));
const text = `${'a b c '.repeat(20_000)}\n\n${'c b a '.repeat(20_000)}\n`;
const parquet = await readFile(`${columns}nested.parquet`);
const contents: Record<string, Buffer> = {
  'a.txt': Buffer.from(text),
  'b.txt.gz': gzipSync(text),
  'deep/c.jsonl': Buffer.from('{"text":"a b"}\n{"text":"c"}\n'),
  'deep/nested.parquet': parquet,
  'readme.md': Buffer.from('no text'),
};

let server: Server;
let base: string;
let folder: string;
let requests: IncomingMessage[] = [];
/** What a test makes of a request before it is answered; true when it has answered. */
let meddle: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests.push(request);
    if (!meddle(request, response)) answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-stores-'));
  requests = [];
  meddle = () => false;
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A server of files, of the hub's lists and of S3's. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url!, base);
  const path = decodeURIComponent(url.pathname);
  if (path.startsWith('/api/datasets/owner/set/tree/')) {
    const files = Object.entries(contents).map(([name, bytes]) => ({
      type: 'file',
      path: name,
      size: bytes.length,
      oid: 'x',
    }));
    response.setHeader('content-type', 'application/json').end(JSON.stringify(files));
    return;
  }
  if (path === '/bucket/') {
    const prefix = url.searchParams.get('prefix') ?? '';
    const names = Object.keys(contents).filter((name) => name.startsWith(prefix));
    const first = url.searchParams.has('continuation-token') ? names.slice(1) : names.slice(0, 1);
    const entries = first.map(
      (name) =>
        `<Contents><Key>${name}</Key><ETag>&quot;${name}&quot;</ETag><Size>${contents[name]!.length}</Size></Contents>`,
    );
    const next =
      names.length > 1 && first.length === 1 && first[0] === names[0]
        ? '<NextContinuationToken>t&amp;u</NextContinuationToken>'
        : '';
    response.end(`<ListBucketResult>${entries.join('')}${next}</ListBucketResult>`);
    return;
  }
  const name = path.replace(/^\/(?:datasets\/owner\/set\/resolve\/main|bucket|files)\//, '');
  const bytes = contents[name];
  if (!bytes) {
    response.writeHead(404).end('nothing');
    return;
  }
  response.setHeader('etag', `"${name}"`);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  if (!range) {
    response.end(bytes);
    return;
  }
  const [from, to] = [Number(range[1]), range[2] ? Number(range[2]) + 1 : bytes.length];
  const part = bytes.subarray(from, to);
  response
    .writeHead(206, { 'content-range': `bytes ${from}-${from + part.length - 1}/${bytes.length}` })
    .end(part);
}

async function textOf(inputs: string[], textField = 'text'): Promise<string> {
  const parts: Buffer[] = [];
  const units = textFiles(inputs, { textField }) as AsyncIterable<Unit>;
  for await (const part of unitTexts(units, { textField })) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

test('files are read by their web addresses, packed or not', async () => {
  expect(await textOf([`${base}/files/a.txt`])).toBe(text);
  expect(await textOf([`${base}/files/b.txt.gz?signature=secret`])).toBe(text);
  expect(await textOf([`${base}/files/deep/c.jsonl`])).toBe('a b\nc\n');
});

test('of a Parquet file, the column and the footer are fetched, not the file', async () => {
  const all = await textOf([`${base}/files/deep/nested.parquet`], 'meta.text');
  expect(all.split('\n')).toHaveLength(42);
  expect(requests.length).toBeGreaterThan(2);
  for (const { headers } of requests) expect(headers.range).toMatch(/^bytes=\d+-\d+$/);
});

test('a dataset of the hub is read by file, folder and pattern, from where HF_ENDPOINT says', async () => {
  vi.stubEnv('HF_ENDPOINT', `${base}/`);
  vi.stubEnv('HF_TOKEN', 'hf_secret');
  expect(await textOf(['hf://datasets/owner/set/a.txt'])).toBe(text);
  expect(await textOf(['hf://datasets/owner/set/deep/*.jsonl'])).toBe('a b\nc\n');
  const { files, skipped } = await listFiles(['hf://datasets/owner/set']);
  expect(files.map(({ path }) => path)).toEqual([
    'hf://datasets/owner/set/a.txt',
    'hf://datasets/owner/set/b.txt.gz',
    'hf://datasets/owner/set/deep/c.jsonl',
    'hf://datasets/owner/set/deep/nested.parquet',
  ]);
  expect(skipped).toBe(1);
  expect(requests.every(({ headers }) => headers.authorization === 'Bearer hf_secret')).toBe(true);
});

test('a bucket is read, signed with the credentials of the environment, page by page', async () => {
  vi.stubEnv('AWS_ENDPOINT_URL_S3', base);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI');
  expect(await textOf(['s3://bucket/a.txt'])).toBe(text);
  const { files } = await listFiles(['s3://bucket']);
  expect(files.map(({ path }) => path)).toHaveLength(4);
  expect(await textOf(['s3://bucket/deep/*.jsonl'])).toBe('a b\nc\n');
  for (const { headers } of requests)
    expect(headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\//);
});

describe('a bucket of an AWS profile', () => {
  beforeEach(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION', 'AWS_DEFAULT_REGION'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'credentials'));
    vi.stubEnv('AWS_CONFIG_FILE', join(folder, 'config'));
    const helper = { Version: 1, AccessKeyId: 'AKIDHELPER', SecretAccessKey: 's3cret', SessionToken: 'tok' };
    await writeFile(join(folder, 'helper.json'), JSON.stringify(helper));
    await writeFile(
      join(folder, 'credentials'),
      `[default]
aws_access_key_id = AKIDDEFAULT
aws_secret_access_key = s3cret
[work]
aws_access_key_id = AKIDWORK
aws_secret_access_key = s3cret
`,
    );
    await writeFile(
      join(folder, 'config'),
      `[default]
endpoint_url = ${base}
[profile work]
region = eu-central-1
endpoint_url = ${base}
[profile helper]
region = eu-west-3
endpoint_url = ${base}
credential_process = cat ${join(folder, 'helper.json')}
[profile broken]
endpoint_url = ${base}
credential_process = false s3cret
`,
    );
  });

  test.each([
    [undefined, 'AKIDDEFAULT', 'us-east-1'],
    ['work', 'AKIDWORK', 'eu-central-1'],
    ['helper', 'AKIDHELPER', 'eu-west-3'],
  ])('%s is read with its keys, at its endpoint, in its region', async (profile, key, region) => {
    vi.stubEnv('AWS_PROFILE', profile);
    expect(await textOf(['s3://bucket/a.txt'])).toBe(text);
    for (const { headers } of requests) {
      expect(headers.authorization).toMatch(
        new RegExp(`^AWS4-HMAC-SHA256 Credential=${key}/\\d+/${region}/s3/`),
      );
      expect(headers['x-amz-security-token']).toBe(profile === 'helper' ? 'tok' : undefined);
    }
  });

  test('the environment has the last word, and without credentials nothing is signed', async () => {
    vi.stubEnv('AWS_PROFILE', 'work');
    vi.stubEnv('AWS_REGION', 'us-west-2');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI');
    expect(await textOf(['s3://bucket/deep/c.jsonl'])).toBe('a b\nc\n');
    expect(requests.at(-1)!.headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d+\/us-west-2\//);
    for (const name of ['AWS_PROFILE', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', join(folder, 'none'));
    expect(await textOf(['s3://bucket/deep/c.jsonl'])).toBe('a b\nc\n');
    expect(requests.at(-1)!.headers.authorization).toBeUndefined();
  });

  test.each(['broken', 'missing'])('%s gives none: that is said, without secrets', async (profile) => {
    vi.stubEnv('AWS_PROFILE', profile);
    vi.stubEnv('AWS_ENDPOINT_URL', base);
    await expect(textOf(['s3://bucket/a.txt'])).rejects.toThrow(
      `AWS credentials of the profile ${profile} cannot be obtained; “aws sts get-caller-identity” says why`,
    );
    expect(requests).toEqual([]);
  });
});

test('a busy server is asked again, and a download that breaks off goes on where it was', async () => {
  let busy = 2;
  let broken = 2;
  meddle = (request, response) => {
    if (busy-- > 0) {
      response.writeHead(503).end();
      return true;
    }
    if (request.headers.range === 'bytes=0-0' || broken-- <= 0) return false;
    const from = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    const bytes = contents['a.txt']!.subarray(from);
    response.writeHead(from > 0 ? 206 : 200, { etag: '"a.txt"', 'content-length': bytes.length });
    response.write(bytes.subarray(0, 50_000), () => response.destroy());
    return true;
  };
  expect(await textOf([`${base}/files/a.txt`])).toBe(text);
  expect(broken).toBeLessThanOrEqual(0);
});

test('what cannot be read is said in one line, without credentials', async () => {
  const address = base.replace('//', '//user:secret@');
  const message = (inputs: string[]) => textOf(inputs).then(String, (error: Error) => error.message);
  expect(await message([`${address}/files/none.txt?key=secret`])).toBe(
    `${base}/files/none.txt: no such file (404)`,
  );
  meddle = (_, response) => !!response.writeHead(403).end();
  expect(await message([`${address}/files/a.txt?key=secret`])).toMatch(
    /a\.txt: may not be read \(403 .*credentials/,
  );
  expect(requests.at(-1)!.headers.authorization).toBe(
    `Basic ${Buffer.from('user:secret').toString('base64')}`,
  );
  meddle = ({ url }, response) => !!response.writeHead(302, { location: url }).end();
  expect(await message([`${address}/files/a.txt?key=secret`])).toMatch(
    /a\.txt: cannot be read \(redirect count exceeded; tried 5 times\)/,
  );
  expect(await message(['gs://bucket/a.txt'])).toMatch(
    /^gs:\/\/bucket\/a\.txt: is not a supported address; expected one like https:/,
  );
  let version = 0;
  meddle = (_, response) => {
    response.setHeader('etag', `"${version++}"`).end(contents['a.txt']);
    return true;
  };
  expect(await message([`${base}/files/a.txt`])).toMatch(/a\.txt: changed while it was being read/);
});

test('a dataset from addresses is that of the same files here, and names no secrets; an output has no address', async () => {
  const tokenizer = await letters();
  const options = { tokenizer, workers: 1, sequenceLength: 16 };
  const output = join(folder, 'out.arrow');
  await preprocess({
    ...options,
    inputs: [`${base.replace('//', '//user:secret@')}/files/b.txt.gz?key=secret`],
    output,
  });
  const written = await readFile(output);
  expect(written.includes('secret')).toBe(false);
  await writeFile(join(folder, 'b.txt.gz'), contents['b.txt.gz']!);
  await preprocess({ ...options, inputs: [join(folder, 'b.txt.gz')], output, overwrite: true });
  expect(written.equals(await readFile(output))).toBe(true);
  await expect(preprocess({ ...options, inputs: [folder], output: 's3://bucket/out.arrow' })).rejects.toThrow(
    's3://bucket/out.arrow: only local files can be written',
  );
});

test('a range that breaks off is requested again, and is no damage of its file', async () => {
  let broken = 3;
  const address = `${base}/files/deep/nested.parquet`;
  meddle = (request, response) => {
    if (request.headers.range === 'bytes=0-0' || broken-- <= 0) return false;
    response.writeHead(206, { etag: '"deep/nested.parquet"', 'content-length': 100 });
    response.write(parquet.subarray(0, 10), () => response.destroy());
    return true;
  };
  const expected = await textOf([`${columns}nested.parquet`], 'meta.text');
  expect(await textOf([address], 'meta.text')).toBe(expected);
  broken = Number.POSITIVE_INFINITY;
  await expect(textOf([address], 'meta.text')).rejects.toThrow(
    /nested\.parquet: broke off at byte \d+ \(.*\); run again/,
  );
});

test('a stored file of rows is divided as a local one is', async () => {
  const path = fileURLToPath(new URL('../../fixtures/sources/large/mixed.parquet', import.meta.url));
  contents['mixed.parquet'] = await readFile(path);
  try {
    const unitsOf = async (input: string, share?: { rank: number; worldSize: number }) => {
      const units: { number: number; ends: number[]; text: string }[] = [];
      for await (const unit of textFiles([input], share ? { share } : {}) as AsyncIterable<Unit>) {
        const texts: string[] = [];
        const only = async function* () {
          yield unit;
        };
        for await (const text of unitTexts(only())) texts.push(Buffer.from(text).toString());
        const ends = unit.parts.map(({ end }) => end);
        units.push({
          number: unit.number,
          ends,
          text: createHash('sha256').update(texts.join('')).digest('hex'),
        });
      }
      return units;
    };
    const expected = await unitsOf(path);
    expect(expected.length).toBeGreaterThan(5);
    const stored = `${base}/files/mixed.parquet`;
    expect(await unitsOf(stored)).toEqual(expected);
    const shares = [
      ...(await unitsOf(stored, { rank: 0, worldSize: 2 })),
      ...(await unitsOf(stored, { rank: 1, worldSize: 2 })),
    ];
    expect(shares).toEqual(expected);
  } finally {
    delete contents['mixed.parquet'];
  }
});
