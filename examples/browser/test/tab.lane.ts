import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Reply, RunSettings } from '../src/messages.ts';
import { readText } from '../src/text.ts';
import { Training } from '../src/training.ts';
import { launch, serve } from './serve.js';

const sample = fileURLToPath(new URL('../../../packages/cli/demo/corpus/01-genesis.txt', import.meta.url));
const settings = { vocabularySize: 600, sequence: 32, batch: 8, steps: 20, rate: 0.002, seed: 7 };

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

  // What it is asked at the end is answered first.
  await page.waitForSelector('#answers li');
  await page.$eval('#answers', (list) => list.replaceChildren());
  await page.fill('#sentence', 'in the beginning god [MASK] the heaven .');
  await page.click('#answer');
  await page.waitForFunction(() => document.querySelectorAll('#answers li').length === 5);
  const answers = await page.$$eval('#answers li', (all) =>
    all.map((item) => [item.firstElementChild!.textContent, item.lastElementChild!.textContent]),
  );

  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  const filled = fill(await download.path(), 'in the beginning god [MASK] the heaven .');
  for (const [i, { token, probability }] of filled.entries()) {
    expect(token).toBe(answers[i]![0]);
    expect(Math.abs(100 * probability - Number.parseFloat(answers[i]![1]!))).toBeLessThan(0.06);
  }
  expect(filled).toHaveLength(5);
  await page.close();
});

test('a run that is stopped goes on as if it had not been, and what is asked is answered in a line', async () => {
  const page = await open('?device=wasm&dropout=0&threads=1');
  await fillIn(page, { steps: 30 });
  await listen(page);
  await page.click('#train');
  await page.click('#stop:enabled');
  await page.waitForSelector('#state:has-text("Stopped after step")');
  const note = page.locator('#answer-note');
  await page.fill('#sentence', 'no mask here');
  await page.press('#sentence', 'Enter');
  await expect.poll(() => note.textContent()).toContain('Put [MASK] where a word is to be guessed');
  expect(await page.locator('#answers li').count()).toBe(0);
  await page.fill('#sentence', `${'and the lord said unto moses '.repeat(20)}[MASK] ☃ and [MASK]`);
  await page.click('#answer');
  await page.waitForSelector('#answers li');
  expect(await note.textContent()).toMatch(/Only 30 tokens.*The first \[MASK\].*unknown/);
  await page.click('#stop:has-text("Continue")');
  await page.waitForSelector('#state:has-text("Done: 30 steps")', { timeout: 300_000 });
  const stopped = lossesOf(await heard(page));
  expect(stopped).toHaveLength(30);
  const inNode = await trainInNode({ steps: 30 });
  for (const [step, loss] of stopped.entries()) expect(Math.abs(loss - inNode[step]!)).toBeLessThan(1e-3);
  await page.close();
});

test('with WebGPU the losses are those of Node, and the page says which of both it uses', async () => {
  const small = { vocabularySize: 300, sequence: 16, batch: 4, steps: 4 };
  const withGpu = await launch({ webgpu: true });
  try {
    const page = await open('?device=webgpu&dropout=0', withGpu);
    await fillIn(page, small);
    const inTab = await train(page);
    expect(await page.textContent('#engine')).toBe('WebGPU');
    const inNode = await trainInNode(small);
    expect(inTab).toHaveLength(4);
    for (const [step, loss] of inTab.entries()) expect(Math.abs(loss - inNode[step]!)).toBeLessThan(1e-3);
  } finally {
    await withGpu.close();
  }
});

test('where an operation fails on WebGPU the page goes on in WebAssembly by itself, and says so', async () => {
  const withGpu = await launch({ webgpu: true });
  try {
    const context = await withGpu.newContext({ serviceWorkers: 'block' });
    const page = await context.newPage();
    // A GPU of hardware, as far as the worker can tell, that builds no pipeline.
    await page.route('**/assets/worker*.js', async (route) => {
      const response = await route.fetch();
      const broken = `const refuse = () => { throw new Error('no such pipeline'); };
        Object.defineProperty(GPUAdapterInfo.prototype, 'isFallbackAdapter', { value: false });
        GPUDevice.prototype.createComputePipeline = GPUDevice.prototype.createComputePipelineAsync = refuse;`;
      await route.fulfill({ response, body: `${broken}\n${await response.text()}` });
    });
    await page.goto(`${url}?dropout=0`);
    await page.waitForSelector('#engine:has-text("One thread")');
    await fillIn(page, { steps: 2 });
    await page.click('#train');
    await page.waitForSelector('#state:has-text("Done: 2 steps")', { timeout: 300_000 });
    expect(await page.textContent('#engine')).toMatch(/^WebAssembly, 1 thread; WebGPU failed: ./);
  } finally {
    await withGpu.close();
  }
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

test('files that are no text, and a text that is too short, are refused in a line', async () => {
  const page = await open();
  const drop = (name: string, content: Uint8Array | string) =>
    page.setInputFiles('#file', { name, mimeType: 'text/plain', buffer: Buffer.from(content) });
  await drop('x.bin', Uint8Array.of(0, 1, 2));
  await page.waitForSelector('#text-state:has-text("x.bin is binary")');
  expect(await page.isDisabled('#train')).toBe(true);
  await drop('short.txt', 'a b a b a b. ');
  await page.fill('[name=vocabularySize]', '100');
  await page.click('#train');
  await page.waitForSelector('#state:has-text("Take a longer text")');
  await page.setInputFiles('#vocabulary-file', {
    name: 'mine.txt',
    mimeType: 'text/plain',
    buffer: Buffer.from('a\nb\n'),
  });
  await page.waitForSelector('[name=vocabularySize]:disabled');
  await page.click('#train');
  await page.waitForSelector('#state.error:has-text("vocab.txt")');
  await page.close();
});

test('a text is read in the encoding it has', () => {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const read = (content: Uint8Array) => {
    const { bytes: text, description } = readText(content, 'x.txt');
    return [new TextDecoder().decode(text), description];
  };
  const utf16 = (text: string) => new Uint8Array(Buffer.from(`\uFEFF${text}`, 'utf16le'));
  expect(read(bytes('naïve'))).toEqual(['naïve', 'x.txt: 6 bytes']);
  expect(read(utf16('naïve'))).toEqual(['naïve', 'x.txt: 12 bytes, read as UTF-16le']);
  expect(read(utf16('naïve').map((_, i, all) => all[i ^ 1]!))[0]).toBe('naïve');
  expect(read(Uint8Array.from(Buffer.from('naïve', 'latin1')))[1]).toBe(
    'x.txt: 5 bytes, read as Windows-1252',
  );
  for (const [content, name, line] of [
    [bytes(''), 'x.txt', /x.txt is empty/],
    [bytes(' \n'), 'x.txt', /x.txt is empty/],
    [bytes('{"text": "a"}'), 'x.jsonl', /x.jsonl is JSON/],
    [bytes('%PDF-1.7 and so on'), 'x.txt', /x.txt is binary/],
    [Uint8Array.of(1, 2, 3, 4), 'x.txt', /x.txt is binary/],
    [new Uint8Array(51e6).fill(97), 'x.txt', /x.txt has 51,000,000 bytes; a tab takes up to 50 MB/],
  ] as const)
    expect(() => readText(content, name)).toThrow(line);
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

async function open(query = '', from = browser): Promise<Page> {
  const page = await from.newPage();
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

/** Keeps what the workers that the page makes will tell. */
async function listen(page: Page): Promise<void> {
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
}

function heard(page: Page): Promise<Reply[]> {
  return page.evaluate(() =>
    (globalThis as unknown as { heard: Reply[] }).heard.filter(({ type }) => type !== 'checkpoint'),
  );
}

/** Presses the button, waits for the end, and gives the losses. */
async function train(page: Page): Promise<number[]> {
  await listen(page);
  await page.click('#train');
  await page.waitForFunction(
    () =>
      (globalThis as unknown as { heard: Reply[] }).heard.some(
        ({ type }) => type === 'ended' || type === 'failed',
      ),
    undefined,
    { timeout: 300_000 },
  );
  const replies = await heard(page);
  const failed = replies.find(({ type }) => type === 'failed');
  if (failed) throw new Error(JSON.stringify(failed));
  return lossesOf(replies);
}

async function trainInNode(changed: Partial<typeof settings> = {}): Promise<number[]> {
  const replies: Reply[] = [];
  const request: RunSettings = {
    ...settings,
    ...changed,
    text: new Uint8Array(readFileSync(sample)),
    model: 'bert-tiny',
    device: 'wasm',
    threads: 1,
    dropout: 0,
  };
  const training = await Training.prepare(request, (reply) => replies.push(reply));
  await training.run((reply) => replies.push(reply));
  await training.dispose();
  return lossesOf(replies);
}

/** What `mlm fill` answers with a checkpoint that the page gave. */
function fill(archive: string, sentence: string): { token: string; probability: number }[] {
  const folder = mkdtempSync(join(tmpdir(), 'mlm-tab-'));
  try {
    mkdirSync(join(folder, 'checkpoint'));
    for (const [name, content] of Object.entries(unzipSync(readFileSync(archive))))
      writeFileSync(join(folder, name), content);
    const mlm = fileURLToPath(new URL('../../../packages/cli/bin/mlm.js', import.meta.url));
    const json = execFileSync(process.execPath, [mlm, 'fill', 'checkpoint', sentence, '--json'], {
      cwd: folder,
      env: { ...process.env, INIT_CWD: folder },
    });
    return JSON.parse(json.toString()).masks[0].answers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function lossesOf(replies: Reply[]): number[] {
  return replies.flatMap((reply) => (reply.type === 'step' ? [reply.loss] : []));
}
