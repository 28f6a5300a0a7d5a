import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { train } from '../loop/train.js';
import { temporaryFolder, writeDataset } from '../testing/dataset.fixture.js';
import { tinyConfig, writeTinyModel } from '../testing/model.fixture.js';
import { readCheckpoint } from './checkpoint.js';
import { checkpointFolder } from './hub.js';
import { readState } from './state.js';

const folder = await temporaryFolder();
const sha = '0123456789abcdef0123456789abcdef01234567';
const requests: string[] = [];
let server: Server;
let endpoint: string;

beforeAll(async () => {
  vi.stubEnv('HF_HUB_CACHE', folder.file('cache'));
  await writeTinyModel(folder.file('model'));
  server = hubOf('owner/tiny', folder.file('model'), ['config.json', 'model.safetensors']);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.close();
  await folder.remove();
});

/** The part of the hub's interface that a download uses. */
function hubOf(repository: string, source: string, files: string[]): Server {
  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://hub');
    requests.push(pathname);
    const json = (value: unknown) =>
      response.setHeader('content-type', 'application/json').end(JSON.stringify(value));
    if (pathname.startsWith(`/api/models/${repository}/revision/`)) {
      return json({ _id: '1', id: repository, sha, siblings: files.map((rfilename) => ({ rfilename })) });
    }
    if (pathname.startsWith(`/api/models/${repository}/paths-info/`)) {
      let body = '';
      for await (const chunk of request) body += chunk;
      const paths = JSON.parse(body).paths as string[];
      return json(
        paths.map((path) => ({
          path,
          type: 'file',
          oid: createHash('sha1').update(path).digest('hex'),
          size: 1,
        })),
      );
    }
    const file = files.find((name) => pathname === `/${repository}/resolve/${sha}/${name}`);
    if (!file) return response.writeHead(404).end('not here');
    const bytes = await readFile(join(source, file));
    response.setHeader('etag', `"${file}"`);
    const range = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '');
    if (!range) return response.end(bytes);
    const [from, to] = [Number(range[1]), Number(range[2])];
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${bytes.length}` });
    return response.end(bytes.subarray(from, to + 1));
  });
}

it('downloads a checkpoint once, and reads it from the cache afterwards, also without the hub', async () => {
  const environment = { HF_ENDPOINT: `${endpoint}/` };
  const found = await checkpointFolder('owner/tiny', environment);
  expect((await readCheckpoint(found)).model.config).toEqual(tinyConfig);
  requests.length = 0;
  expect(await checkpointFolder('owner/tiny', environment)).toBe(found);
  expect(requests).toHaveLength(1);
  expect(await checkpointFolder('owner/tiny', { HF_ENDPOINT: 'http://127.0.0.1:65001' })).toBe(found);
});

it('says in one line why there is no checkpoint', async () => {
  const refusal = (name: string, url = endpoint) =>
    checkpointFolder(name, { HF_ENDPOINT: url }).then(String, (error: InputError) => {
      expect(error).toBeInstanceOf(InputError);
      expect(error.message).not.toContain('\n');
      return error.message;
    });
  expect(await refusal('owner/unknown')).toMatch(
    /no such folder, and it cannot be downloaded from http.*404/,
  );
  expect(await refusal('owner/unknown', 'http://127.0.0.1:65001')).toMatch(/ECONNREFUSED|connect/);
  const config = folder.file('config.json');
  await writeFile(config, '{}');
  expect(await refusal(config)).toBe(
    `${config}: is a file, expected a checkpoint’s folder, with config.json and model.safetensors in it`,
  );
  expect(await refusal('bert-large')).toMatch(/no such checkpoint folder.*bert-mini/);
  expect(await refusal('bert-base-uncased')).toMatch(
    /folder; the hub has it as google-bert\/bert-base-uncased$/,
  );
});

it('a run that begins from a model on a hub records its commit', async () => {
  vi.stubEnv('HF_ENDPOINT', endpoint);
  const [dataset, output] = [folder.file('rows.arrow'), folder.file('run')];
  await writeDataset(dataset, { rowsPerUnit: [8], sequenceLength: 12 });
  requests.length = 0;
  const run = async (given: object) => {
    for await (const _ of train({ dataset, output, batchSize: 4, maxSteps: 2, ...given }));
    expect((await readState(output)).model_revision).toBe(sha);
  };
  await run({ model: 'owner/tiny', revision: 'a-tag' });
  expect(requests[0]).toBe('/api/models/owner/tiny/revision/a-tag');
  // It goes on from its own checkpoint, without the hub.
  requests.length = 0;
  await run({ model: 'owner/tiny', revision: 'a-tag', resume: true, maxSteps: undefined });
  await run({ resume: true, maxSteps: undefined });
  expect(requests).toEqual([]);
});
