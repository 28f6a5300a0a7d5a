import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reply, RunSettings } from '../src/messages.ts';
import { Training } from '../src/training.ts';
import { launch, serve } from './serve.js';

const sample = fileURLToPath(new URL('../../../packages/cli/demo/corpus/01-genesis.txt', import.meta.url));
const settings = { pieces: 600, sequence: 32, batch: 8, steps: 20, rate: 0.002, seed: 7 };

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  ({ server, url } = await serve(fileURLToPath(new URL('../dist', import.meta.url))));
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  server.close();
});

test('20 steps in the tab have the losses of Node within 1e-3, and the page answers and keeps a checkpoint', async () => {
  const page = await open('?device=wasm&dropout=0');
  expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
  await fillIn(page);
  const inTab = await train(page);
  const inNode = await trainInNode();
  expect(inTab).toHaveLength(20);
  for (const [step, loss] of inTab.entries()) expect(Math.abs(loss - inNode[step]!)).toBeLessThan(1e-3);
  expect(await page.textContent('#engine')).toContain('WebAssembly');

  await page.fill('#sentence', 'in the beginning god [MASK] the heaven .');
  await page.click('#answer');
  await page.waitForFunction(() => document.querySelectorAll('#answers li').length === 5);

  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  const archive = readFileSync(await download.path()).toString('latin1');
  for (const name of [
    'model.safetensors',
    'config.json',
    'vocab.txt',
    'tokenizer.json',
    'tokenizer_config.json',
  ]) {
    expect(archive).toContain(`checkpoint/${name}`);
  }
  await page.close();
});

test('without isolation it trains with one thread and says so', async () => {
  const context = await browser.newContext({ serviceWorkers: 'block' });
  const page = await context.newPage();
  await page.goto(`${url}?device=wasm&dropout=0`);
  await page.waitForSelector('#engine:has-text("One thread")');
  await fillIn(page, { steps: 2 });
  expect(await train(page)).toHaveLength(2);
  await context.close();
});

test('a binary file and a text that is too short are refused in a line', async () => {
  const page = await open();
  await page.setInputFiles('#file', {
    name: 'x.bin',
    mimeType: 'text/plain',
    buffer: Buffer.from([0, 1, 2]),
  });
  expect(await page.textContent('#text-state')).toContain('x.bin is binary');
  await page.setInputFiles('#file', {
    name: 'short.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('a b a b a b. '),
  });
  await page.fill('[name=pieces]', '100');
  await page.click('#train');
  await page.waitForSelector('#state:has-text("Take a longer text")');
  await page.close();
});

test('nothing is asked of another host, and every control has a name', async () => {
  const page = await browser.newPage();
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  await page.goto(url);
  await page.waitForFunction(() => crossOriginIsolated);
  expect(foreign).toEqual([]);
  const nameless = await page.$$eval(
    'button, input, select',
    (controls) =>
      controls.filter((control) => {
        const { labels } = control as HTMLInputElement;
        return !(control.textContent?.trim() || labels?.length || control.getAttribute('aria-label'));
      }).length,
  );
  expect(nameless).toBe(0);
  await page.close();
});

async function open(query = ''): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${url}${query}`);
  // The first visit reloads once, isolated by the page's service worker.
  await page.waitForFunction(() => crossOriginIsolated && document.querySelector('#loss canvas') !== null);
  return page;
}

async function fillIn(page: Page, changed: Partial<typeof settings> = {}): Promise<void> {
  for (const [name, value] of Object.entries({ ...settings, ...changed }))
    await page.fill(`[name=${name}]`, String(value));
  await page.setInputFiles('#file', sample);
  await page.waitForSelector('#train:enabled');
}

/** Presses the button, waits for the end, and gives the losses. */
async function train(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const { Worker } = globalThis;
    const heard: Reply[] = [];
    Object.assign(globalThis, { heard });
    globalThis.Worker = class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        this.addEventListener('message', ({ data }) => heard.push(data));
      }
    };
  });
  await page.click('#train');
  await page.waitForFunction(
    () =>
      (globalThis as unknown as { heard: Reply[] }).heard.some(
        ({ type }) => type === 'ended' || type === 'failed',
      ),
    undefined,
    { timeout: 300_000 },
  );
  const heard = await page.evaluate(() =>
    (globalThis as unknown as { heard: Reply[] }).heard.filter(({ type }) => type !== 'checkpoint'),
  );
  const failed = heard.find(({ type }) => type === 'failed');
  if (failed) throw new Error(JSON.stringify(failed));
  return lossesOf(heard);
}

async function trainInNode(): Promise<number[]> {
  const heard: Reply[] = [];
  const request: RunSettings = {
    ...settings,
    text: new Uint8Array(readFileSync(sample)),
    model: 'bert-tiny',
    device: 'wasm',
    threads: 1,
    dropout: 0,
  };
  const training = await Training.prepare(request, (reply) => heard.push(reply));
  await training.run((reply) => heard.push(reply));
  await training.dispose();
  return lossesOf(heard);
}

function lossesOf(replies: Reply[]): number[] {
  return replies.flatMap((reply) => (reply.type === 'step' ? [reply.loss] : []));
}
