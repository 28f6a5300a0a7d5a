// Bundles what pages carry: scripts with the chart library in them (draw-chart.js as a module, for pages of others), and
// the style sheets.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const require = createRequire(import.meta.url);
const assets = fileURLToPath(new URL('../assets/', import.meta.url));
const browser = new URL('../src/browser/', import.meta.url);

mkdirSync(assets, { recursive: true });
for (const [name, format] of [
  ['report', 'iife'],
  ['masks', 'iife'],
  ['draw-chart', 'es'],
]) {
  const bundle = await rolldown({
    input: fileURLToPath(new URL(`${name}.ts`, browser)),
    platform: 'browser',
  });
  await bundle.write({ file: `${assets}${name}.js`, format, minify: true });
  await bundle.close();
}
const uplot = readFileSync(require.resolve('uplot/dist/uPlot.min.css'), 'utf8');
writeFileSync(`${assets}chart.css`, uplot);
for (const name of ['page.css', 'masks.css']) {
  writeFileSync(`${assets}${name}`, readFileSync(new URL(name, browser), 'utf8'));
}
