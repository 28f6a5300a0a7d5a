// The documentation site in Chromium: no violation of WCAG 2 A and AA, no sideways scrolling, no request to another host.
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, serve } from './serve.js';

let browser: Browser;
let server: Server;
let url: string;

beforeAll(async () => {
  ({ server, url } = await serve(fileURLToPath(new URL('../../../docs/site', import.meta.url))));
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

test.each(['', 'docs/format.html', 'docs/api/@mlm/masking.html', '404.html'])('/%s', async (path) => {
  const page = await (await browser.newContext()).newPage();
  const foreign: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  for (const [width, colorScheme] of [
    [390, 'light'],
    [1280, 'dark'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await page.goto(url + path);
    await page.waitForSelector('h1');
    const { violations } = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa']).analyze();
    const places = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`),
    );
    expect(places, `${width} px, ${colorScheme}`).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
  expect(foreign).toEqual([]);
  await page.context().close();
});

test('the search finds a page by a word of it', async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(url);
  const input = page.locator('.VPLocalSearchBox input');
  // The page listens to keys only once its scripts have taken over, some time after it has loaded.
  await expect
    .poll(
      async () => {
        await page.keyboard.press('Control+k');
        return input.isVisible();
      },
      { timeout: 180_000, interval: 500 },
    )
    .toBe(true);
  await input.fill('Philox');
  await page.waitForSelector('.VPLocalSearchBox .result:has-text("format")');
  await page.context().close();
});
