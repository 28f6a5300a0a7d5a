/** Points of a line over the optimizer steps. */
export interface Curve {
  name: string;
  /** [step, value], ascending by step. */
  points: [number, number][];
  /** Draws the running mean over the raw points. */
  smooth?: boolean;
}

const width = 900;
const height = 300;
const margin = { left: 70, right: 20, top: 10, bottom: 30 };
const colours = ['#0b68cb', '#d1242f'];
/** More points than a screen shows only make the file large. */
const maximumPoints = 600;

/** A line chart as an SVG element. */
export function chart(curves: Curve[], unit: string): string {
  const drawn = curves.filter(({ points }) => points.length > 0);
  if (drawn.length === 0) return '<p>Nothing was measured.</p>';
  const all = drawn.flatMap(({ points }) => points);
  const x = scale(
    all.map(([step]) => step),
    margin.left,
    width - margin.right,
  );
  const y = scale(
    all.map(([, value]) => value),
    height - margin.bottom,
    margin.top,
  );
  const axis = ticks(y.least, y.most).map(
    (value) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${y.at(value)}" y2="${y.at(value)}" stroke="#e1e5ea"/>` +
      `<text x="${margin.left - 8}" y="${y.at(value) + 4}" text-anchor="end">${label(value)}</text>`,
  );
  const steps = ticks(x.least, x.most).map(
    (value) => `<text x="${x.at(value)}" y="${height - 10}" text-anchor="middle">${label(value)}</text>`,
  );
  const lines = drawn.map(({ points, smooth }, index) => {
    const colour = colours[index % colours.length];
    const path = (shown: [number, number][]) =>
      thin(shown)
        .map(([step, value]) => `${x.at(step).toFixed(1)},${y.at(value).toFixed(1)}`)
        .join(' ');
    const line = (shown: [number, number][], opacity: number) =>
      `<polyline points="${path(shown)}" fill="none" stroke="${colour}" stroke-width="1.5" opacity="${opacity}"/>`;
    return smooth ? line(points, 0.25) + line(runningMean(points), 1) : line(points, 1);
  });
  const names = drawn.map(
    ({ name }, index) =>
      `<text x="${width - margin.right}" y="${margin.top + 16 * (index + 1)}" text-anchor="end" fill="${colours[index % colours.length]}">${name}</text>`,
  );
  const parts = [...axis, ...steps, ...lines, ...names].join('');
  return `<svg viewBox="0 0 ${width} ${height}" font-size="12" font-family="system-ui, sans-serif" role="img" aria-label="${[...drawn.map(({ name }) => name), unit].join(' ')}">${parts}</svg>`;
}

function scale(values: number[], from: number, to: number) {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  const span = most - least || 1;
  return { least, most, at: (value: number) => from + ((value - least) / span) * (to - from) };
}

/** Four to ten round numbers within a range. */
function ticks(least: number, most: number): number[] {
  const rough = (most - least) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const values: number[] = [];
  for (let index = Math.ceil(least / step); index * step <= most; index++) values.push(index * step);
  return values;
}

const label = (value: number) =>
  Math.abs(value) >= 1e4 || (value !== 0 && Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));

function runningMean(points: [number, number][]): [number, number][] {
  const window = Math.max(1, Math.ceil(points.length / 50));
  let sum = 0;
  return points.map(([step, value], index) => {
    sum += value;
    if (index >= window) sum -= points[index - window]![1];
    return [step, sum / Math.min(index + 1, window)];
  });
}

function thin(points: [number, number][]): [number, number][] {
  const every = Math.ceil(points.length / maximumPoints);
  return points.filter((_, index) => index % every === 0 || index === points.length - 1);
}
