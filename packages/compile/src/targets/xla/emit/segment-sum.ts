import { elementCount } from '@mlm/base/shape';
import type { EmitTable } from '../../emit.js';
import type { Builder } from './builder.js';
import { type HloValue, shapeOf } from './types.js';

/** Rows per block, in which a matrix product sums the rows of equal ids. */
const BLOCK = 128;

const exactly = { dtype: 'float32', exactness: 'HIGHEST' } as const;

/** Sums of rows by id. */
export const segmentSums: EmitTable<Builder, HloValue> = {
  /** Sums the rows of x by id, starting from a third input if there is one. */
  UnsortedSegmentSum: (to, node, x, ids, base) => {
    const shape = shapeOf(node);
    const count = elementCount(ids.shape);
    const rows = to.reshape(x, [count, ...shape.slice(1)]);
    const places = to.reshape(ids, [count]);
    const onto = base ?? to.full(0, shape, x.dtype);
    if (!to.options.sortedSums || x.dtype !== 'float32' || count === 0)
      return to.scatterAdd(onto, to.reshape(places, [count, 1]), rows);
    const width = elementCount(shape.slice(1));
    const flat = to.reshape(onto, [shape[0]!, width]);
    return to.reshape(sortedSum(to, flat, to.reshape(rows, [count, width]), places), shape);
  },
};

/**
 * Adds rows [n, width] to `onto` [segments, width] at ids [n], without atomic additions, in an order that depends only
 * on the ids. XLA's own deterministic scatter sorts single elements.
 *
 * The rows are sorted by id and divided into blocks. In each block, a matrix product sums the rows of each id into the
 * first of them. A second product adds up the sums of an id that continues over several blocks. Then no id occurs twice
 * among the rows that are added.
 */
function sortedSum(to: Builder, onto: HloValue, rows: HloValue, ids: HloValue): HloValue {
  const [count, width] = rows.shape as [number, number];
  const [segments] = onto.shape as [number, number];
  const size = Math.min(BLOCK, count);
  const blocks = Math.ceil(count / size);
  const filled = blocks * size;
  const [inOrder, order] = to.sortByKey(ids, to.iota([count], 0, 'int32'));
  const sorted = to.pad(inOrder, segments, [0], [filled - count]);
  const gathered = to.pad(to.gather(rows, to.reshape(order, [count, 1])), 0, [0, 0], [filled - count, 0]);
  const id = to.reshape(sorted, [blocks, size]);

  // Whether rows i and j of a block have the same id, and i is the first row of that id in the block.
  const square = [blocks, size, size];
  const same = to.compare('EQ', to.broadcastIn(id, square, [0, 1]), to.broadcastIn(id, square, [0, 2]));
  const previous = to.pad(sorted, -1, [1], [-1]);
  const isStart = to.compare('NE', sorted, previous);
  const firstOfBlock = to.compare(
    'EQ',
    to.iota([blocks, size], 1, 'int32'),
    to.full(0, [blocks, size], 'int32'),
  );
  const isFirst = to.same('stablehlo.or', to.reshape(isStart, [blocks, size]), firstOfBlock);
  const belongs = to.same('stablehlo.and', same, to.broadcastIn(isFirst, square, [0, 1]));
  const sums = to.dot(to.cast(belongs, 'float32'), to.reshape(gathered, [blocks, size, width]), {
    batch: 1,
    over: [2, 1],
    ...exactly,
  });

  // The target of an id's first row is its id; all others get distinct indices out of bounds.
  const nowhere = to.same(
    'stablehlo.add',
    to.iota([filled], 0, 'int32'),
    to.full(segments, [filled], 'int32'),
  );
  const targets = to.select(isStart, sorted, nowhere);
  const started = to.scatterAdd(onto, to.reshape(targets, [filled, 1]), to.reshape(sums, [filled, width]), {
    unique: true,
  });
  if (blocks === 1) return started;

  // If block b continues an id, its sum goes to the last id that starts in an earlier block a.
  const column = (x: HloValue, at: number) => to.reshape(to.slice(x, [0, at], [blocks, 1]), [blocks]);
  const startsIn = to.reshape(isStart, [blocks, size]);
  const [head, tail] = [column(id, 0), column(id, size - 1)];
  const continues = to.same('stablehlo.not', column(startsIn, 0));
  const lastStarts = to.reduce(
    to.same('stablehlo.and', startsIn, to.compare('EQ', id, to.broadcastIn(tail, [blocks, size], [0]))),
    [1],
    'or',
    0,
  );
  const pairs = [blocks, blocks];
  const meets = to.compare('EQ', to.broadcastIn(tail, pairs, [0]), to.broadcastIn(head, pairs, [1]));
  const from = to.same(
    'stablehlo.and',
    to.same('stablehlo.and', meets, to.broadcastIn(lastStarts, pairs, [0])),
    to.broadcastIn(continues, pairs, [1]),
  );
  const heads = to.reshape(to.slice(sums, [0, 0, 0], [blocks, 1, width]), [blocks, width]);
  const rest = to.dot(to.cast(from, 'float32'), heads, { batch: 0, over: [1, 0], ...exactly });
  const absent = to.same(
    'stablehlo.add',
    to.iota([blocks], 0, 'int32'),
    to.full(segments, [blocks], 'int32'),
  );
  const places = to.select(lastStarts, tail, absent);
  return to.scatterAdd(started, to.reshape(places, [blocks, 1]), rest, { unique: true });
}
