// The pages that people read, in Chromium: no violation of WCAG 2 A and AA that axe-core finds, on a phone and on a desk, light
// and dark; and the filter of `inspect --html` by keyboard and by ear.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import AxeBuilder from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, serve } from './serve.js';
import { corpus, preprocessRuth, trainTiny } from './short-run.js';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'mlm-accessibility-'));

let browser: Browser;
let server: Server;
let url: string;

const roberta = here('../../../packages/tokenize/fixtures/pipeline/roberta.json');
/** Markup, scripts from right to left, characters of several bytes, and words without spaces. */
const anyText = `<script>alert("x")</script> & <b>bold</b>
السلام عليكم ورحمة الله وبركاته
שלום עולם זה משפט ארוך בעברית
Это длинное предложение о том, как модель учится
天地玄黄宇宙洪荒日月盈昃辰宿列张
${'donaudampfschifffahrts'.repeat(8)}
`;

const pages = {
  'report.html': () => openFile('one/report.html'),
  'report.html of a run in progress': () => openFile('running.html'),
  'report.html of any text': () => openFile('any-run/report.html'),
  'comparison.html': () => openFile('comparison.html'),
  'comparison.html of eight runs with long names': () => openFile('eight.html'),
  'inspect --html': () => openFile('masks.html'),
  'inspect --html of any text': () => openFile('any.html'),
  'the tab': () => openTab(),
  'the tab after training': () => openTab(trainAndAsk),
};
/** What a report says of a run in progress; its page never reloads here. */
const liveNote = `<progress max="20" value="12" aria-label="Steps done"></progress>
<p data-live="1000"><span role="status">The run is in progress; this page follows it.</span> <button type="button">Pause</button></p>`;
const widths = [390, 1280];
const schemes = ['light', 'dark'] as const;

beforeAll(async () => {
  mlm(...preprocessRuth('--limit', '60', '--replace', 'bert'));
  mlm(...trainTiny('bert-tiny', 'ruth', 'one', 12));
  mlm(...trainTiny('bert-tiny', 'ruth', 'two', 6));
  mlm('compare', 'one', 'two');
  mlm('inspect', 'ruth', '--html', 'masks.html');
  const report = readFileSync(join(folder, 'one/report.html'), 'utf8');
  writeFileSync(join(folder, 'running.html'), report.replace('<main>', `<main>${liveNote}`));
  const eight = Array.from({ length: 8 }, (_, i) => `${'a-run-with-a-long-name-'.repeat(1 + (i % 4))}${i}`);
  for (const [i, name] of eight.entries())
    cpSync(join(folder, i % 2 ? 'one' : 'two'), join(folder, name), { recursive: true });
  mlm('compare', ...eight, '--output', 'eight.html');
  writeFileSync(join(folder, 'any.txt'), anyText.repeat(8));
  mlm(
    'preprocess',
    'any.txt',
    'any',
    '--tokenizer',
    roberta,
    '--sequence-length',
    '48',
    '--replace',
    'bert',
    '--eval-fraction',
    '0.2',
    '--eval-by',
    'row',
  );
  mlm('inspect', 'any', '--html', 'any.html');
  mlm(...trainTiny('roberta-tiny', 'any', 'any-run', 2));
  ({ server, url } = await serve(here('../dist')));
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test.each(Object.entries(pages))(
  '%s has no violation of WCAG 2 A and AA at any width, light or dark',
  async (_, open) => {
    const page = await open();
    await page.$$eval('details', (all) => {
      for (const details of all) details.open = true;
    });
    for (const width of widths) {
      for (const colorScheme of schemes) {
        await page.setViewportSize({ width, height: 900 });
        await page.emulateMedia({ colorScheme });
        const where = `${width} px, ${colorScheme}`;
        const { violations, incomplete, passes } = await new AxeBuilder({ page })
          .withTags(['wcag2a', 'wcag2aa'])
          .analyze();
        expect(violations.flatMap(placesOf), where).toEqual([]);
        // Where no column is scrolled out of sight, nothing is left for a person to judge.
        const isScrolled = await page.$$eval('.wide', (all) =>
          all.some((it) => it.scrollWidth > it.clientWidth),
        );
        if (!isScrolled) expect(incomplete.flatMap(placesOf).filter(isText), where).toEqual([]);
        expect(
          passes.map(({ id }) => id),
          where,
        ).toContain('color-contrast');
        // Only tables scroll sideways, and no column of one is squeezed to less than its words.
        expect(await page.evaluate(() => document.documentElement.scrollWidth), where).toBe(width);
        expect(await page.$$eval('th, td', brokenWords), where).toEqual([]);
      }
    }
    await page.context().close();
  },
);

test('masked rows are filtered by keyboard alone, and the count is announced', async () => {
  const page = await openFile('masks.html');
  const visible = page.locator('.rows li:visible');
  const total = await visible.count();
  const count = page.getByRole('status');
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  expect(await announced(page)).toEqual(['polite']);

  await press('Tab');
  await page.keyboard.type('NAOMI');
  await expectCount('naomi');
  expect(await count.textContent()).not.toBe(`${total} of ${total} rows`);
  // Neither the return key nor what is heard of a token finds rows, or loses the page.
  await press('Enter', 'Control+A');
  await page.keyboard.type('left as it is');
  expect(await count.textContent()).toBe(`0 of ${total} rows`);
  await press('Control+A', 'Delete');
  expect(await count.textContent()).toBe(`${total} of ${total} rows`);

  // On to [MASK], off; kept, off: rows with another token in a place are left.
  await press('Tab', 'Space', 'Tab', 'Tab', 'Space');
  const replaced = await page.locator('.rows li:has(mark.random)').count();
  expect(replaced).toBeGreaterThan(0);
  expect(replaced).toBeLessThan(total);
  expect(await visible.count()).toBe(replaced);
  expect(await count.textContent()).toBe(`${replaced} of ${total} rows`);

  async function expectCount(word: string): Promise<void> {
    const texts = (await visible.allTextContents()).map((text) => text.toLowerCase());
    expect(texts.length).toBeGreaterThan(0);
    expect(await count.textContent()).toBe(`${texts.length} of ${total} rows`);
    for (const text of texts) expect(text).toContain(word);
  }
});

test('a curve is hidden and shown by keyboard, with its values of each step', async () => {
  const page = await openFile('one/report.html');
  const entry = page.getByRole('button', { name: 'training', exact: true });
  const drawn = () =>
    page.evaluate(async () => {
      await new Promise(requestAnimationFrame);
      return document.querySelector('canvas')!.toDataURL();
    });
  const heard = async () => {
    const mode = page.getByRole('application').first();
    await mode.focus();
    await page.keyboard.press('ArrowRight');
    return mode.locator('[aria-live]').textContent();
  };
  const whole = await drawn();
  expect(await heard()).toMatch(/^step \d+: training [\d.]+/);
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement!.textContent)).toBe('training');
  expect(await entry.getAttribute('aria-pressed')).toBe('true');

  await page.keyboard.press('Space');
  expect(await entry.getAttribute('aria-pressed')).toBe('false');
  const without = await drawn();
  expect(without).not.toBe(whole);
  expect(await heard()).not.toContain('training');
  // Neither a change of colours nor of the page's width shows it again.
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await drawn()).toBe(without);

  await entry.focus();
  await page.keyboard.press('Enter');
  expect(await entry.getAttribute('aria-pressed')).toBe('true');
  expect(await drawn()).toBe(whole);
  await page.context().close();
});

test('a screen reader hears how each token is masked, and both tokens of a place that shows another', async () => {
  const page = await openFile('masks.html');
  const marks = await page.$$eval('.rows mark', (all) =>
    all.map((mark) => ({ kind: mark.className, ...(mark as HTMLElement).dataset })),
  );
  expect(new Set(marks.map(({ kind }) => kind))).toEqual(new Set(['mask', 'random', 'kept']));
  const notes = {
    mask: 'replaced by [MASK]',
    random: 'replaced by a random token',
    kept: 'left as it is',
  };
  const note = (kind: string) => notes[kind as keyof typeof notes];
  expect(await heard(page)).toEqual(marks.map(({ kind, text }) => `${text} (${note(kind)})`));

  await page.getByLabel('Show what the model sees').check();
  expect(await heard(page)).toEqual(
    marks.map(
      ({ kind, text, shown }) => `${shown} (${text}: ${note(kind)}${kind === 'random' ? `, ${shown}` : ''})`,
    ),
  );
});

function placesOf({
  id,
  nodes,
}: {
  id: string;
  nodes: { html: string; failureSummary?: string }[];
}): string[] {
  return nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)}: ${failureSummary}`);
}

/** axe-core does not judge signs that are no letters, such as the ␣ of a token that is a space. */
const isText = (place: string) => !/only non-text characters|too short/.test(place);

/** Words of a table, but for paths and the like, that stand on more than one line. */
function brokenWords(cells: Element[]): string[] {
  const range = document.createRange();
  return cells.flatMap((cell) => {
    const texts = [...cell.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE);
    return texts.flatMap((node) =>
      [...node.textContent!.matchAll(/[^\s\u00a0]+/g)].flatMap(({ 0: word, index }) => {
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => top));
        return word.length <= 14 && lines.size > 1 ? [word] : [];
      }),
    );
  });
}

/** Nodes of the tree that Chromium gives to screen readers. */
async function accessibilityTree(page: Page) {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  return nodes;
}

/** How politely Chromium says what changes in each status. */
async function announced(page: Page): Promise<string[]> {
  const nodes = (await accessibilityTree(page)).filter(({ role }) => role?.value === 'status');
  return nodes.map(({ properties }) => properties?.find(({ name }) => name === 'live')?.value.value);
}

/** What is read of each masked token. */
async function heard(page: Page): Promise<string[]> {
  const nodes = await accessibilityTree(page);
  const byId = new Map(nodes.map((node) => [node.nodeId, node]));
  const list = nodes.find(({ role }) => role?.value === 'list')!;
  const textOf = (node: typeof list): string =>
    node.role?.value === 'StaticText'
      ? node.name!.value
      : (node.childIds ?? []).map((id) => textOf(byId.get(id)!)).join(' ');
  const marksOf = (node: typeof list): string[] =>
    node.role?.value === 'mark'
      ? [textOf(node).replaceAll(/\s+/g, ' ')]
      : (node.childIds ?? []).flatMap((id) => marksOf(byId.get(id)!));
  return marksOf(list);
}

function mlm(...args: string[]): void {
  execFileSync(process.execPath, [here('../../../packages/cli/bin/mlm.js'), ...args, '--quiet'], {
    cwd: folder,
    env: { ...process.env, INIT_CWD: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

test('byte-level tokens are shown as the text they stand for', async () => {
  for (const name of ['any.html', 'any-run/report.html']) {
    const page = await openFile(name);
    const text = await page.textContent('main');
    expect(text).toMatch(/длинное|предложение|учится|модель|عليكم|שלום|天地/);
    expect(text).not.toMatch(/[ĠÐØ×]/);
    await page.context().close();
  }
});

async function openFile(name: string): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('close', () => expect(asked.filter((address) => !/^(file|data):/.test(address))).toEqual([]));
  await page.goto(pathToFileURL(join(folder, name)).href);
  return page;
}

async function openTab(then: (page: Page) => Promise<void> = async () => {}): Promise<Page> {
  const page = await (await browser.newContext()).newPage();
  await page.goto(`${url}?device=wasm`);
  await page.waitForFunction(() => crossOriginIsolated && document.querySelector('#loss canvas') !== null);
  await then(page);
  return page;
}

async function trainAndAsk(page: Page): Promise<void> {
  for (const [name, value] of Object.entries({ vocabularySize: 300, batch: 8, steps: 6 }))
    await page.fill(`[name=${name}]`, `${value}`);
  await page.setInputFiles('#file', corpus);
  await page.click('#train:enabled');
  await page.waitForSelector('#state:has-text("Done")', { timeout: 300_000 });
  await page.waitForSelector('#answers li');
}
