// Makes the picture of the README, docs/pictures/tab.png, from the page itself: it trains on the sample, asks, and takes a
// screenshot. After `pnpm --filter @mlm/example-browser build`: `node examples/browser/picture.js [steps]`.
import { fileURLToPath } from 'node:url';
import { launch, serve } from './test/serve.js';

const steps = process.argv[2] ?? '600';
/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { url, server } = await serve(here('dist'));
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1120, height: 900 } });
await page.goto(url);
await page.waitForFunction(() => crossOriginIsolated && document.querySelector('#loss canvas') !== null);
await page.click('#sample');
await page.fill('[name=steps]', steps);
await page.waitForSelector('#train:enabled');
await page.click('#train');
await page.waitForSelector('#state:has-text("Done")', { timeout: 3_600_000 });
await page.fill('#sentence', 'and the evening and the morning were the [MASK] day .');
await page.click('#answer');
await page.waitForTimeout(2000);
await page.screenshot({ path: here('../../docs/pictures/tab.png'), fullPage: true });
console.log(await page.textContent('#figures'));
await browser.close();
server.close();
