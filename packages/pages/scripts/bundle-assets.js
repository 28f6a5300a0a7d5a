// Bundles what the pages carry: one script a page, with the chart library in it, and one style sheet.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const assets = fileURLToPath(new URL('../assets/', import.meta.url));
const browser = new URL('../src/browser/', import.meta.url);

mkdirSync(assets, { recursive: true });
for (const page of ['report']) {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(`${page}.ts`, browser)),
    platform: 'browser',
  });
  await bundle.write({ file: `${assets}${page}.js`, format: 'iife', minify: true });
  await bundle.close();
}
const uplot = readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8');
writeFileSync(`${assets}chart.css`, uplot);
writeFileSync(`${assets}page.css`, readFileSync(new URL('page.css', browser), 'utf8'));
