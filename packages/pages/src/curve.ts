/** Points of a line over the optimizer steps: [step, value], ascending by step. */
export type Points = [number, number][];

/** A line of a chart. */
export interface Curve {
  name: string;
  points: Points;
  /** Index into the pages' colours. */
  colour: number;
  /** `noisy` draws the points faintly under their centred mean, `marked` a dot at each point, `level` one value across. */
  style: 'noisy' | 'marked' | 'plain' | 'level';
}

/** What a chart shows. */
export interface Chart {
  title: string;
  /** The unit of the values, as the title of their axis. */
  unit: string;
  curves: Curve[];
  /** Height of the plot in CSS pixels. */
  height: number;
}

/** A curve as the page's script reads it. */
export interface DrawnCurve {
  name: string;
  points: Points;
  colour: number;
  look: 'faint' | 'line' | 'marked' | 'level';
}

/** More points than a screen has columns only make the file large. */
const mostPoints = 800;

/**
 * The mean around each point. The window is as wide on the left as on the right and shrinks towards both ends, so the
 * curve neither lags behind the data nor starts late: a straight line stays itself.
 */
export function centredMean(points: Points): Points {
  const reach = Math.floor(points.length / 50);
  const sums = [0];
  for (const [, value] of points) sums.push(sums.at(-1)! + value);
  return points.map(([step], i) => {
    const r = Math.min(reach, i, points.length - 1 - i);
    return [step, (sums[i + r + 1]! - sums[i - r]!) / (2 * r + 1)];
  });
}

/** At most 800 points: neighbours are replaced by their mean, the first and the last point stay. */
export function thin(points: Points): Points {
  if (points.length <= mostPoints) return points;
  const inner = points.slice(1, -1);
  const width = Math.ceil(inner.length / (mostPoints - 2));
  const means: Points = [];
  for (let from = 0; from < inner.length; from += width) {
    const bucket = inner.slice(from, from + width);
    const mean = (axis: 0 | 1) => bucket.reduce((sum, point) => sum + point[axis], 0) / bucket.length;
    means.push([mean(0), mean(1)]);
  }
  return [points[0]!, ...means, points.at(-1)!];
}
