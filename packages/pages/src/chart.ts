import { type Chart, type Curve, type DrawnCurve, smoothed, thin } from './curve.js';
import { escapeHtml, scrollingTable } from './html.js';

/** Rows of the table that replaces a chart for readers who do not see it. */
const tableRows = 12;

/** A chart, drawn by the page's script, with a table of its values for readers who do not see it. */
export function chartFigure(chart: Chart, id: string): string {
  const curves = chart.curves
    .map((curve) => ({ ...curve, points: curve.points.filter(([, value]) => Number.isFinite(value)) }))
    .filter(({ points }) => points.length > 0);
  if (curves.length === 0) return '';
  const data = JSON.stringify({ ...chart, curves: curves.flatMap(drawn) }).replaceAll('<', '\\u003c');
  return `<figure aria-labelledby="${id}" data-chart>
<figcaption id="${id}">${escapeHtml(chart.title)}</figcaption>
<script type="application/json">${data}</script>
<noscript><p class="muted">The chart needs JavaScript; its values stand in the table.</p></noscript>
<details><summary>Values as a table</summary>${valueTable(chart, curves)}</details>
</figure>`;
}

function drawn({ name, points, colour, style }: Curve): DrawnCurve[] {
  const line = { name, colour };
  if (style === 'plain') return [{ ...line, points: thin(points), look: 'line' }];
  if (style === 'marked' || style === 'level') return [{ ...line, points: thin(points), look: style }];
  const faint: DrawnCurve = { name: `${name}, each step`, colour, points: thin(points), look: 'faint' };
  return [...(style === 'noisy' ? [faint] : []), { ...line, points: thin(smoothed(points)), look: 'line' }];
}

function valueTable({ title, unit }: Chart, curves: Curve[]): string {
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(([step]) => step)))].sort(
    (a, b) => a - b,
  );
  const every = Math.max(1, Math.ceil(steps.length / tableRows));
  const shown = steps.filter((_, i) => i % every === 0 || i === steps.length - 1);
  const values = curves.map(({ points, style }) => ({
    at: new Map(points),
    level: style === 'level' ? points[0]?.[1] : undefined,
  }));
  const head = curves.map(({ name }) => `<th scope="col" class="number">${escapeHtml(name)}</th>`).join('');
  const rows = shown.map((step) => {
    const cells = values
      .map(({ at, level }) => `<td class="number">${formatValue(at.get(step) ?? level)}</td>`)
      .join('');
    return `<tr><th scope="row" class="number">${step}</th>${cells}</tr>`;
  });
  return scrollingTable(
    `${title}, values`,
    `<caption class="hidden">${escapeHtml(unit)} by step</caption><thead><tr><th scope="col" class="number">step</th>${head}</tr></thead><tbody>${rows.join('')}</tbody>`,
  );
}

function formatValue(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return '–';
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  return value.toLocaleString('en', { maximumSignificantDigits: 5 });
}
