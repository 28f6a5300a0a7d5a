import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { crc32c, EventFile } from './tensorboard.js';

const folder = await temporaryFolder();
afterAll(() => folder.remove());

it('computes CRC-32C as RFC 3720 gives it', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

it('writes the bytes that TensorBoard writes', async () => {
  const events = new EventFile(folder.path, () => 1_700_000_000_500);
  await events.scalars(300, { 'train/loss': 2.5 });
  const [name] = await readdir(folder.path);
  expect(name).toMatch(/^events\.out\.tfevents\.1700000000\./);
  const bytes = await readFile(join(folder.path, name!));
  expect(bytes.toString('hex')).toMatchInlineSnapshot(
    `"1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b3531102100000000000000017becf60900002040fc54d94110ac022a130a110a0a747261696e2f6c6f737315000020403cf09030"`,
  );
});

it('marks the step at which a run is resumed', async () => {
  const events = new EventFile(folder.path, () => 1_800_000_000_500);
  await events.restart(7);
  const name = (await readdir(folder.path)).sort().at(-1);
  const bytes = await readFile(join(folder.path, name!));
  // The second record, behind the one that names the format: time, step 7, session_log { status: START }.
  const event = bytes.subarray(40).subarray(12, -4);
  expect(event.toString('hex')).toMatchInlineSnapshot(`"090000208074d2da4110073a020801"`);
});

it('records the run’s settings for TensorBoard’s hparams plugin', async () => {
  const events = new EventFile(folder.path, () => 1_900_000_000_000);
  await events.hyperparameters({ lr: 0.5, model: 'x', tied: true, decay: null });
  const name = (await readdir(folder.path)).sort().at(-1);
  const bytes = await readFile(join(folder.path, name!));
  const event = bytes.subarray(40).subarray(12, -4);
  const hex = (content: string) => Buffer.from(content).toString('hex');
  for (const part of ['_hparams_/session_start_info', 'hparams'])
    expect(event.toString('hex')).toContain(hex(part));
  // The entries of a map: the name, then a number as a double, a text, a truth value, and null.
  expect(event.toString('hex')).toContain(`${hex('lr')}120911000000000000e03f`);
  expect(event.toString('hex')).toContain(`${hex('model')}12031a0178`);
  expect(event.toString('hex')).toContain(`${hex('tied')}12022001`);
  expect(event.toString('hex')).toContain(`${hex('decay')}12020800`);
});
