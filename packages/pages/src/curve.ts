/** Points of a line over the optimizer steps: [step, value], ascending by step. */
export type Points = [number, number][];

/** A line of a chart. */
export interface Curve {
  name: string;
  points: Points;
  /** Index into the pages' colours; beyond them the line is dashed. */
  colour: number;
  /**
   * `noisy` draws the points faintly under a smooth line, `smooth` that line alone, `marked` a dot at each point, `level` one
   * value across.
   */
  style: 'noisy' | 'smooth' | 'marked' | 'plain' | 'level';
}

/** The contents of a chart. */
export interface Chart {
  title: string;
  /** The unit of the values, as the title of their axis. */
  unit: string;
  curves: Curve[];
  /** Height of the plot in CSS pixels. */
  height: number;
}

/** A curve, as the page's script reads it. */
export interface DrawnCurve {
  name: string;
  points: Points;
  colour: number;
  look: 'faint' | 'line' | 'marked' | 'level';
}

/** More points than a screen has columns would only make the file larger. */
const mostPoints = 800;

/**
 * Each point's value on the straight line that fits its neighbours best (local linear regression, Cleveland 1979, with equal
 * weights). Where as many stand on its left as on its right this is their mean; near the ends, where a mean would lag behind
 * a slope or follow single points, it is not. A straight line stays itself.
 */
export function smoothed(points: Points): Points {
  const reach = Math.floor(points.length / 50);
  const sums = [0];
  const moments = [0];
  for (const [i, [, value]] of points.entries()) {
    sums.push(sums[i]! + value);
    moments.push(moments[i]! + i * value);
  }
  return points.map(([step], i) => {
    const [from, to] = [Math.max(0, i - reach), Math.min(points.length - 1, i + reach)];
    const size = to - from + 1;
    const centre = (from + to) / 2;
    const sum = sums[to + 1]! - sums[from]!;
    if (i === centre) return [step, sum / size];
    const moment = moments[to + 1]! - moments[from]! - centre * sum;
    const slope = (12 * moment) / (size * (size * size - 1));
    return [step, sum / size + slope * (i - centre)];
  });
}

/** At most 800 points: of neighbours the least and the greatest stay, so peaks do; and the first and the last point. */
export function thin(points: Points): Points {
  if (points.length <= mostPoints) return points;
  const inner = points.slice(1, -1);
  const width = Math.ceil(inner.length / (mostPoints / 2 - 1));
  const extremes: Points = [];
  for (let from = 0; from < inner.length; from += width) {
    const bucket = inner.slice(from, from + width);
    const least = bucket.reduce((a, b) => (b[1] < a[1] ? b : a));
    const greatest = bucket.reduce((a, b) => (b[1] > a[1] ? b : a));
    if (least === greatest) extremes.push(least);
    else extremes.push(...(least[0] < greatest[0] ? [least, greatest] : [greatest, least]));
  }
  return [points[0]!, ...extremes, points.at(-1)!];
}
