import { number } from '../../emit.js';
import type { Builder } from './builder.js';
import { type Operations, shapeOf } from './operation.js';
import { type Tensor, typeText } from './types.js';

/** Where a stream's numbers begin in the counter of Philox: no mask has as many blocks. */
const STREAM_SHIFT = 40n;
/** Numbers of 16 bits that one block of Philox4x32 makes. */
const NUMBERS_PER_BLOCK = 8;

/** Random numbers that are a function of a key. */
export const random: Operations = {
  /**
   * 0 or 1 / (1 − rate), by 16 bits of Philox4x32-10 for each element: the key of the generator is the mask's, its counter
   * the stream, above, and the element's block. With several replicas the elements count on from one to the next, so
   * that a batch that is divided over devices has the mask that it has on one.
   */
  DropoutMask: (to, node, key) => {
    const shape = shapeOf(node);
    const threshold = Math.round(number(node, 'rate') * 2 ** 16);
    const draws = to.reshape(numbers(to, key, number(node, 'stream'), shape), shape);
    const kept = to.compare('GE', draws, to.full(threshold, shape, 'uint16'));
    const scale = to.full(1 / (1 - threshold / 2 ** 16), shape, 'float32');
    return to.select(kept, scale, to.full(0, shape, 'float32'));
  },
};

/** uint16 [elements of the shape]. */
function numbers(to: Builder, key: Tensor, stream: number, shape: readonly number[]): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const { replicas = 1 } = to.options;
  const even = count % NUMBERS_PER_BLOCK === 0;
  // A share that begins within a block draws one more and leaves out what is its neighbour's.
  const drawn = replicas === 1 || even ? count : count + NUMBERS_PER_BLOCK;
  const base = to.dense(String(BigInt(stream) << STREAM_SHIFT), [], 'uint64');
  if (replicas === 1) return sliced(to, words(to, key, base, drawn), count);
  const replica = to.line('stablehlo.replica_id', '', typeText({ shape: [], dtype: 'uint32' }), {
    shape: [],
    dtype: 'uint32',
  });
  const place = to.same(
    'stablehlo.multiply',
    to.cast(replica, 'uint64'),
    to.dense(String(count), [], 'uint64'),
  );
  const perBlock = to.dense(String(NUMBERS_PER_BLOCK), [], 'uint64');
  const block = to.same('stablehlo.divide', place, perBlock);
  const found = words(to, key, to.same('stablehlo.add', base, block), drawn);
  if (even) return sliced(to, found, count);
  const within = to.same('stablehlo.remainder', place, perBlock);
  const result = { shape: [count], dtype: 'uint16' as const };
  return to.line(
    'stablehlo.dynamic_slice',
    `${found.name}, ${within.name}, sizes = [${count}]`,
    `(${typeText(found)}, ${typeText(within)}) -> ${typeText(result)}`,
    result,
  );
}

const sliced = (to: Builder, x: Tensor, count: number): Tensor =>
  x.shape[0] === count ? x : to.slice(x, [0], [count]);

/** At least `count` numbers of 16 bits from a counter on, as uint16 [n]. */
function words(to: Builder, key: Tensor, counter: Tensor, count: number): Tensor {
  const wide = to.op('stablehlo.bitcast_convert', [key], { shape: [], dtype: 'uint64' });
  const state = to.concatenate([to.reshape(wide, [1]), to.reshape(counter, [1])], 0);
  const bits = { shape: [Math.ceil(count / 2)], dtype: 'uint32' as const };
  const name = to.fresh();
  to.lines.push(
    `    ${name}:2 = stablehlo.rng_bit_generator ${state.name}, algorithm = PHILOX : (${typeText(state)}) -> (${typeText(state)}, ${typeText(bits)})`,
  );
  const pairs = to.op('stablehlo.bitcast_convert', [{ name: `${name}#1`, ...bits }], {
    shape: [bits.shape[0]!, 2],
    dtype: 'uint16',
  });
  return to.reshape(pairs, [2 * bits.shape[0]!]);
}
