// Makes the picture of the README, docs/pictures/tab.png, from the page itself: it trains on the sample, asks, and takes a
// screenshot. After `pnpm --filter @mlm/example-browser build`: `node examples/browser/picture.js [steps] [threads]`.
import { fileURLToPath } from 'node:url';
import { launch, serve } from './test/serve.js';

const [steps = '3000', threads] = process.argv.slice(2);
/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { url, server } = await serve(here('dist'));
const browser = await launch();
const page = await browser.newPage({ viewport: { width: 1120, height: 900 } });
await page.goto(`${url}?device=wasm${threads === undefined ? '' : `&threads=${threads}`}`);
await page.waitForFunction(() => crossOriginIsolated && document.querySelector('#loss canvas') !== null);
await page.click('#sample');
await page.fill('[name=steps]', steps);
await page.waitForSelector('#train:enabled');
await page.click('#train');
await page.waitForSelector('#state:has-text("Done")', { timeout: 3_600_000 });
// It asks by itself at the end.
await page.waitForTimeout(2000);
await page.screenshot({ path: here('../../docs/pictures/tab.png'), fullPage: true });
console.log(await page.textContent('#figures'));
await browser.close();
server.close();
