// Draws a chart with uPlot: in the page's colours, at a type size that stays, readable by keyboard and ear.
import uPlot from 'uplot';
import type { Chart, DrawnCurve } from '../curve.js';

export { type Points, smoothed, thin } from '../curve.js';

/** A chart, ready to be drawn. */
export type DrawnChart = Omit<Chart, 'curves'> & { curves: DrawnCurve[] };

/** A chart on a page whose curves may change. */
export interface ChartView {
  update(chart: DrawnChart): void;
}

/** Draws a chart into an empty element, and adapts it to changes of width and colour scheme. */
export function drawChart(place: HTMLElement, first: DrawnChart): ChartView {
  let chart = first;
  let plot: uPlot | undefined;
  const hidden = new Set<string>();
  const render = () => {
    plot?.destroy();
    place.replaceChildren();
    plot = new uPlot(optionsOf(chart, place, hidden), dataOf(chart), place);
    place.querySelector('canvas')!.setAttribute('aria-hidden', 'true');
    for (const label of place.querySelectorAll<HTMLElement>('.u-label')) label.title = label.textContent!;
    readableByKey(place, plot, () => chart);
  };
  render();
  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: heightOf(chart) });
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', render);
  return {
    update(next) {
      const same = next.curves.length === chart.curves.length;
      chart = next;
      if (same) plot!.setData(dataOf(next));
      else render();
    },
  };
}

function dataOf({ curves }: DrawnChart): uPlot.AlignedData {
  return uPlot.join(curves.map(({ points }) => [points.map(([x]) => x), points.map(([, y]) => y)]));
}

function heightOf({ height }: DrawnChart): number {
  return innerWidth < 600 ? Math.min(height, 260) : height;
}

/** Lines beyond the pages' six colours take the colours again, dashed. */
const colours = 6;
const dashes = [undefined, [9, 4], [3, 3]];

/** Steps are whole: so are the values on their axis. */
const wholeSteps = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((n) => n * 10 ** power)).flat();

/** @param hidden names of the curves that the reader has hidden; the legend changes them */
function optionsOf(chart: DrawnChart, place: HTMLElement, hidden: Set<string>): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: colour('muted'),
    grid: { stroke: colour('line'), width: 1 },
    ticks: { stroke: colour('line'), width: 1 },
    font: '12px system-ui',
    labelFont: '12px system-ui',
    labelSize: 18,
  };
  const dashOf = ({ look, colour: index }: DrawnCurve): Pick<uPlot.Series, 'dash'> => {
    const dash = look === 'level' ? [6, 5] : dashes[Math.floor(index / colours) % dashes.length];
    return dash === undefined ? {} : { dash };
  };
  const shows = ({ name }: DrawnCurve) => !hidden.has(name);
  const buttons = chart.curves.map((curve) => legendButton(curve.name, shows(curve)));
  return {
    width: place.clientWidth,
    height: heightOf(chart),
    scales: { x: { time: false, range: (_, from, to) => roomAround(from, to, 0) }, y: { range: rangeOf } },
    cursor: { sync: { key: 'steps' }, drag: { x: true, y: false } },
    legend: {
      live: true,
      markers: { dash: (plot, i) => (plot.series[i]?.dash ? 'dashed' : 'solid') },
    },
    axes: [
      { ...axis, label: 'step', size: 32, incrs: wholeSteps },
      { ...axis, label: chart.unit, size: 58, values: (_, ticks) => ticks.map(short) },
    ],
    series: [
      { label: 'step', value: (_, value) => (value === null ? '–' : short(Math.round(value))) },
      ...chart.curves.map((curve, i): uPlot.Series => {
        const { colour: index, look, points } = curve;
        return {
          label: buttons[i]!,
          show: shows(curve),
          ...(look === 'faint' && { class: 'faint' }),
          stroke: `${colour(`series-${index % colours}`)}${look === 'faint' ? '55' : ''}`,
          width: look === 'line' ? 2 : 1.25,
          ...dashOf(curve),
          points: { show: look === 'marked' || points.length === 1, size: 6, fill: colour('ground') },
          spanGaps: true,
          value: (_, value) => (value === null || value === undefined ? '–' : short(value)),
        };
      }),
    ],
    hooks: {
      setSeries: [
        (plot, series) => {
          if (series === null) return;
          const { name } = chart.curves[series - 1]!;
          const show = plot.series[series]!.show !== false;
          buttons[series - 1]!.setAttribute('aria-pressed', String(show));
          if (show) hidden.delete(name);
          else hidden.add(name);
          // The values of each step, which have no entry, stand before their smoothed curve.
          if (chart.curves[series - 2]?.look === 'faint') plot.setSeries(series - 1, { show });
        },
      ],
    },
  };
}

/** The legend's entry of a curve; uPlot takes its click as one on the entry, and shows or hides the curve. */
function legendButton(name: string, isShown: boolean): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = name;
  button.setAttribute('aria-pressed', String(isShown));
  return button;
}

function rangeOf(_: uPlot, from: number | null, to: number | null): [number, number] {
  if (from === null || to === null) return [0, 1];
  if (from === to) return from === 0 ? [0, 1] : roomAround(from, to, Math.abs(from) / 2);
  const { [0]: least, [1]: greatest } = uPlot.rangeNum(from, to, 0.1, true);
  return [least ?? from, greatest ?? to];
}

/** The range, or for a single value some room around it. */
function roomAround(from: number, to: number, room: number): [number, number] {
  return from === to ? [from - (room || 1), to + (room || 1)] : [from, to];
}

function short(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return Number(value.toPrecision(3)).toExponential();
  if (Math.abs(value) >= 1e4)
    return value.toLocaleString('en', { notation: 'compact', maximumFractionDigits: 1 });
  return value.toLocaleString('en', { maximumSignificantDigits: 4 });
}

/** The left and right arrows move along the steps, whose values are read out. */
function readableByKey(place: HTMLElement, plot: uPlot, chart: () => DrawnChart): void {
  place.tabIndex = 0;
  place.setAttribute('role', 'application');
  place.setAttribute('aria-label', `${chart().title}: left and right arrows read the values`);
  const spoken = document.createElement('p');
  spoken.className = 'hidden';
  spoken.setAttribute('aria-live', 'polite');
  place.append(spoken);
  let at = -1;
  place.onkeydown = (event) => {
    const steps = plot.data[0];
    const stride = Math.max(1, Math.round(steps.length / 50));
    if (event.key === 'ArrowRight') at = Math.min(steps.length - 1, at + stride);
    else if (event.key === 'ArrowLeft') at = Math.max(0, at - stride);
    else return;
    event.preventDefault();
    plot.setCursor({ left: plot.valToPos(steps[at]!, 'x'), top: 10 });
    const values = chart().curves.flatMap(({ name, look }, i) => {
      const value = plot.data[i + 1]?.[at];
      const isHeard = look !== 'faint' && plot.series[i + 1]!.show !== false;
      return !isHeard || value === null || value === undefined ? [] : [`${name} ${short(value)}`];
    });
    spoken.textContent = `step ${Math.round(steps[at]!)}: ${values.join(', ')}`;
  };
}
