import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@mlm/base/errors';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loadTokenizer } from '../tokenizer/load.js';
import { tokenizerMetadata } from '../tokenizer/metadata.js';
import { hubIdOfBareName } from './snapshot.js';

const vocabulary = await readFile(fileURLToPath(new URL('../../test/vocab.txt', import.meta.url)), 'utf8');
const commits = { main: 'a'.repeat(40), old: 'b'.repeat(40) };
/** Each commit's files; the older one has another vocabulary. */
const contents: Record<string, Record<string, string>> = {
  [commits.main]: { 'vocab.txt': vocabulary, 'config.json': '{"model_type": "bert"}', 'model.bin': 'large' },
  [commits.old]: { 'vocab.txt': `${vocabulary}old\n` },
};

let server: Server;
let folder: string;
let requests: IncomingMessage[];
beforeEach(async () => {
  requests = [];
  folder = await mkdtemp(join(tmpdir(), 'mlm-hub-'));
  server = createServer(async (request, response) => {
    requests.push(request);
    const path = decodeURIComponent(new URL(request.url!, 'http://hub').pathname);
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    const revision = /^\/api\/models\/owner\/tok\/revision\/(.*)$/.exec(path)?.[1];
    const sha = commits[revision as keyof typeof commits] ?? revision;
    if (sha !== undefined && contents[sha]) {
      const siblings = Object.keys(contents[sha]).map((rfilename) => ({ rfilename }));
      return json({ _id: '1', id: 'owner/tok', sha, siblings });
    }
    const of = /^\/api\/models\/owner\/tok\/paths-info\/(.*)$/.exec(path)?.[1];
    if (of !== undefined) {
      let body = '';
      for await (const chunk of request) body += chunk;
      const paths = JSON.parse(body).paths as string[];
      return json(paths.map((path) => ({ path, type: 'file', oid: `${of}-${path}`, size: 1 })));
    }
    const [, commit = '', name = ''] = /^\/owner\/tok\/resolve\/([^/]+)\/(.*)$/.exec(path) ?? [];
    const text = contents[commit]?.[name];
    if (text === undefined) return response.writeHead(404).end('not here');
    const bytes = Buffer.from(text);
    response.setHeader('etag', `"${commit}-${name}"`);
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    if (!range) return response.end(bytes);
    const [from, to] = [Number(range[1]), Number(range[2])];
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` });
    return response.end(bytes.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  vi.stubEnv('HF_ENDPOINT', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv('HF_HUB_CACHE', join(folder, 'cache'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(folder, { recursive: true });
});

const refusal = (name: string, revision?: string) =>
  loadTokenizer(name, { revision }).then(String, (error: InputError) => {
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).not.toContain('\n');
    return error.message;
  });

test('a tokenizer of the hub is that of its files, and metadata says which commit it is of', async () => {
  vi.stubEnv('HF_TOKEN', 'hf_secret');
  const tokenizer = await loadTokenizer('owner/tok');
  expect(tokenizer.vocabularySize).toBe(vocabulary.trim().split('\n').length);
  expect(tokenizerMetadata(tokenizer)).toMatchObject({ name: 'owner/tok', revision: commits.main });
  expect(requests.every(({ headers }) => headers.authorization === 'Bearer hf_secret')).toBe(true);
  expect(requests.some(({ url }) => url!.includes('model.bin'))).toBe(false);
  expect(await readFile(join(folder, 'cache/models--owner--tok/refs/main'), 'utf8')).toBe(commits.main);
});

test('a revision is a branch, a tag or a commit', async () => {
  for (const revision of ['old', commits.old]) {
    const tokenizer = await loadTokenizer('owner/tok', { revision });
    expect(tokenizer.revision).toBe(commits.old);
    expect(tokenizer.vocabularySize).toBe(vocabulary.trim().split('\n').length + 1);
  }
  expect(await refusal('owner/tok', 'never')).toMatch(/cannot be downloaded with revision: never from .*404/);
});

test('what was downloaded serves without the hub, each revision by its name', async () => {
  for (const revision of ['old', undefined]) await loadTokenizer('owner/tok', { revision });
  vi.stubEnv('HF_HUB_OFFLINE', '1');
  requests = [];
  for (const [revision, commit] of [
    ['old', commits.old],
    [undefined, commits.main],
    [commits.old, commits.old],
  ] as const)
    expect((await loadTokenizer('owner/tok', { revision })).revision).toBe(commit);
  expect(await refusal('owner/tok', 'never')).toMatch(/at revision never: .* HF_HUB_OFFLINE forbids/);
  expect(await refusal('owner/other')).toMatch(/not in the cache .*cache, and HF_HUB_OFFLINE/);
  expect(requests).toEqual([]);
  vi.stubEnv('HF_HUB_OFFLINE', '');
  vi.stubEnv('HF_ENDPOINT', 'http://127.0.0.1:9');
  expect((await loadTokenizer('owner/tok', { revision: 'old' })).revision).toBe(commits.old);
  expect(await refusal('owner/other')).toMatch(
    /no such folder, and it cannot be downloaded from http:..127.0.0.1:9/,
  );
});

test('a folder of that name wins, and has no revision', async () => {
  const here = join(folder, 'owner/tok');
  await mkdir(here, { recursive: true });
  await writeFile(join(here, 'vocab.txt'), `${vocabulary}here\n`);
  const tokenizer = await loadTokenizer(here);
  expect(tokenizerMetadata(tokenizer)).not.toHaveProperty('revision');
  expect(await refusal(here, 'old')).toMatch(
    /is a local tokenizer, which has no revisions; leave out revision/,
  );
  expect(requests).toEqual([]);
});

test('a bare name is the bundled tokenizer, or is told with its owner', async () => {
  const [named, bundled] = [await loadTokenizer('bert-base-uncased'), await loadTokenizer()];
  expect(tokenizerMetadata(named)).toEqual(tokenizerMetadata(bundled));
  expect(await refusal('bert-base-uncased', 'main')).toMatch(/is a local tokenizer, which has no revisions/);
  expect(await refusal('bert-base-cased')).toMatch(/of the hub, such as google-bert\/bert-base-cased$/);
  expect(requests).toEqual([]);
  const ids: Record<string, string | undefined> = {
    'bert-base-multilingual-cased': 'google-bert/bert-base-multilingual-cased',
    'roberta-base': 'FacebookAI/roberta-base',
    'xlm-roberta-large': 'FacebookAI/xlm-roberta-large',
    'distilbert-base-uncased': 'distilbert/distilbert-base-uncased',
    'distilroberta-base': 'distilbert/distilroberta-base',
    'modernbert-base': 'answerdotai/ModernBERT-base',
    'albert-base-v2': 'albert/albert-base-v2',
    'camembert-base': 'almanach/camembert-base',
    'electra-small-generator': 'google/electra-small-generator',
    'bert-base': undefined,
    'distilbert-base/x': undefined,
    'owner/bert-base-uncased': undefined,
  };
  for (const [name, id] of Object.entries(ids)) expect(hubIdOfBareName(name)).toBe(id);
});

test.each([
  [401, /check the name, and set HF_TOKEN/],
  [404, /404.*; check the name/],
  [503, /try again later/],
])('a hub that answers %i is told in one line', async (status, message) => {
  server.removeAllListeners('request').on('request', (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end('{"error": "Not you."}');
  });
  expect(await refusal('owner/tok')).toMatch(message);
});

test('says what a repository lacks', async () => {
  contents[commits.main] = { 'model.bin': 'x' };
  expect(await refusal('owner/tok')).toMatch(/owner\/tok: has no tokenizer \(none of tokenizer.json/);
  contents[commits.main] = { 'spiece.model': 'x', 'tokenizer_config.json': '{}' };
  expect(await refusal('owner/tok')).toMatch(/owner\/tok: spiece\.model is in SentencePiece's format/);
  expect(await refusal('no-such-tokenizer')).toMatch(/no such tokenizer; give a folder, .* of the hub/);
});
