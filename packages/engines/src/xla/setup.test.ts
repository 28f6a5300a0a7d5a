import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readXlaInstallation } from '@mlm/compile/xla';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EngineProbe } from '../probe.js';
import { findWheel, parsePage } from './index-page.js';
import { removeXla, setupXla } from './setup.js';

/** A zip file whose members are stored as they are. */
function zip(members: Record<string, string>): Buffer {
  const records: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(members)) {
    const [title, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(title.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, title, data]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(0o755 << 16, 6);
    place.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, place, title]));
    records.push(local);
    offset += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...records, list, Buffer.from('PK\x05\x06'), end]);
}

const architecture = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
const file = `libtpu-0.0.52-cp311-cp311-manylinux_2_31_${architecture}.whl`;

let server: Server;
let folder: string;
/** What the index serves. */
let wheel: Buffer;
let digest: string | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-xla-'));
  wheel = zip({ 'libtpu/libtpu.so': 'a library', 'libtpu/bin/tool': 'a program' });
  digest = undefined;
  server = createServer((request, response) => {
    if (request.url?.startsWith('/files/')) return void response.end(wheel);
    if (request.url !== '/simple/libtpu/') return void response.writeHead(404).end();
    const sha256 = digest ?? createHash('sha256').update(wheel).digest('hex');
    response.setHeader('content-type', 'application/vnd.pypi.simple.v1+json');
    const entry = { filename: file, url: `../../files/${file}`, hashes: { sha256 }, size: 12_345_678 };
    response.end(JSON.stringify({ files: [{ ...entry, filename: 'libtpu-0.0.52.tar.gz' }, entry] }));
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  vi.stubEnv('PIP_INDEX_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(folder, { recursive: true });
});

const works = async (): Promise<EngineProbe> => ({ engine: 'xla', device: 'tpu', works: true });

describe.runIf(process.platform === 'linux')('setupXla', () => {
  it('says what it fetches and how large it is, unpacks it, tries it, and can be undone', async () => {
    const said: string[] = [];
    const probe = vi.fn(works);
    const result = await setupXla({ tpu: true, folder, probe, onProgress: (_, line) => said.push(line) });
    expect(said).toEqual([
      expect.stringMatching(/^1 wheel from 127\.0\.0\.1:\d+, 12 MB$/),
      `${file}, 12 MB`,
      'a matrix product and a training step',
    ]);
    expect(probe.mock.calls[0]).toMatchObject([{ engine: 'xla', device: 'tpu' }, undefined, {}]);
    expect(result.installation).toMatchObject({ device: 'tpu', package: 'libtpu 0.0.52' });
    expect(await readXlaInstallation('tpu', folder)).toEqual(result.installation);
    expect(await readFile(join(folder, 'tpu/libtpu/libtpu.so'), 'utf8')).toBe('a library');
    expect((await stat(join(folder, 'tpu/libtpu/bin/tool'))).mode & 0o111).not.toBe(0);
    expect(await readdir(folder)).toEqual(['tpu']);
    expect(await removeXla(folder)).toBe(true);
    expect(await readdir(folder)).toEqual([]);
    expect(await removeXla(folder)).toBe(false);
  });

  it('keeps the old plugin if the new one fails its trial', async () => {
    const { installation } = await setupXla({ tpu: true, folder, probe: works });
    const fails = async (): Promise<EngineProbe> => ({ ...(await works()), works: false, error: ['no TPU'] });
    await expect(setupXla({ tpu: true, folder, probe: fails })).rejects.toThrow(
      'the check of XLA on tpu failed: no TPU',
    );
    expect(await readXlaInstallation('tpu', folder)).toEqual(installation);
    expect(await readdir(folder)).toEqual(['tpu']);
  });

  it.each([
    [
      'another hash',
      { digest: '0'.repeat(64) },
      /has the hash [0-9a-f]{64}, expected 0{64} from the index; download it again$/,
    ],
    ['no zip file', { wheel: Buffer.from('not found') }, /is not a wheel/],
    ['no plugin', { wheel: zip({ 'libtpu/other.so': '' }) }, /libtpu\/libtpu\.so is missing from the wheel$/],
    ['a name that leads out', { wheel: zip({ '../out.so': 'x' }) }, /invalid relative path/],
  ])('refuses a wheel with %s and leaves nothing', async (_, served, message) => {
    wheel = 'wheel' in served ? served.wheel : wheel;
    digest = 'digest' in served ? served.digest : digest;
    await expect(setupXla({ tpu: true, folder, probe: works })).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
    expect(existsSync(join(folder, '../out.so'))).toBe(false);
  });

  it('names the index or wheel that is missing', async () => {
    await expect(setupXla({ rocm: true, folder, probe: works })).rejects.toThrow(
      /jax-rocm7-pjrt\/: the server answered 404$/,
    );
    await expect(findWheel({ name: 'libtpu', version: '0.0.51' })).rejects.toThrow(
      /has no wheel of libtpu 0\.0\.51 for Linux on/,
    );
    await expect(findWheel({ name: 'libtpu', version: '0.0.52', sha256: 'f' })).rejects.toThrow('expected f');
    vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:65535/simple');
    await expect(setupXla({ tpu: true, folder, probe: works })).rejects.toThrow(
      /cannot be read: .*ECONNREFUSED/,
    );
    await expect(setupXla({ tpu: true, rocm: true, folder })).rejects.toThrow(
      'rocm and tpu exclude each other',
    );
  });
});

it('an index without JSON has hashes in its links', () => {
  const page = 'https://example.org/simple/x/';
  const text = `<a href="../../files/x-1.whl#sha256=${'a'.repeat(64)}">x-1.whl</a>
    <a data-yanked="" href="https://other.org/x-2.whl?a=1&amp;b=2#sha256=${'b'.repeat(64)}">x-2.whl</a>
    <a href="x-3.whl">x-3.whl</a>`;
  expect(parsePage(text, { json: false, page })).toEqual([
    {
      file: 'x-1.whl',
      url: 'https://example.org/files/x-1.whl',
      sha256: 'a'.repeat(64),
      bytes: undefined,
    },
    { file: 'x-2.whl', url: 'https://other.org/x-2.whl?a=1&b=2', sha256: 'b'.repeat(64), bytes: undefined },
  ]);
});
