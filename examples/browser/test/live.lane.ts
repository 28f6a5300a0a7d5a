// The live report of `mlm train --serve` in Chromium: opened early, until the run ends or is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch } from './serve.js';
import { preprocessRuth, trainTiny } from './short-run.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mlm-live-'));
const runs: ChildProcess[] = [];
let browser: Browser;

beforeAll(async () => {
  await mlm(...preprocessRuth()).ended;
  browser = await launch();
});
afterAll(async () => {
  for (const run of runs) run.kill('SIGKILL');
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a page that is opened early follows the run, and keeps the last report when it has ended', async () => {
  const run = train('one', 20);
  const page = await browser.newPage();
  await page.goto(await run.url);
  expect(await page.textContent('main')).toMatch(/status\s*running/);
  expect(await page.getAttribute('html', 'lang')).toBe('en');
  expect(await run.ended).toBe(0);
  await page.waitForSelector('dd:text-is("finished")');
  expect(await page.textContent('main')).toContain('Answers on validation rows');
  expect(await page.locator('canvas').count()).toBe(5);
  expect(await page.locator('[data-live]').count()).toBe(0);
  await page.close();
});

test('a second run cannot take the port, and writes nothing; a run that is killed leaves a page that says so', async () => {
  const run = train('two', 100_000);
  const url = await run.url;
  const page = await browser.newPage();
  await page.goto(url);

  const port = new URL(url).port;
  const second = mlm('train', 'ruth', '--model', 'bert-tiny', '--output', 'three', '--serve', port);
  expect(await second.ended).toBe(1);
  expect(second.heard()).toMatch(
    new RegExp(`^mlm: port ${port} cannot be used \\(EADDRINUSE\\); choose another[^\\n]*\\n$`),
  );
  expect(existsSync(join(folder, 'three'))).toBe(false);

  await page.waitForSelector('dt:text-is("training loss")');
  run.child.kill('SIGKILL');
  await page.waitForSelector('[data-live] [role=status]:has-text("The connection is lost")');
  expect(await page.locator('canvas').count()).toBeGreaterThan(0);
  await page.close();
});

test('a run that is interrupted shows that it was stopped', async () => {
  const run = train('four', 100_000);
  const page = await browser.newPage();
  await page.goto(await run.url);
  await page.waitForSelector('dt:text-is("training loss")');
  run.child.kill('SIGINT');
  await page.waitForSelector('dd:text-is("stopped")');
  expect(await run.ended).toBe(130);
  await page.close();
});

function train(output: string, steps: number) {
  const run = mlm(...trainTiny('bert-tiny', 'ruth', output, steps, '--serve', '0'));
  const url = new Promise<string>((resolve, reject) => {
    run.child.stderr!.on('data', () => {
      const found = /report on (http:\S+)/.exec(run.heard());
      if (found) resolve(found[1]!);
    });
    run.ended.then((code) => reject(new Error(`ended with ${code}: ${run.heard()}`)));
  });
  return { ...run, url };
}

function mlm(...args: string[]) {
  const child = spawn(process.execPath, [here('../../../packages/cli/bin/mlm.js'), ...args], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  runs.push(child);
  let text = '';
  child.stderr!.on('data', (chunk) => {
    text += chunk;
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, ended, heard: () => text };
}
