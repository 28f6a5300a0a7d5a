import { elementCount } from '@mlm/base/shape';
import { DROPOUT_MASKS } from '../../../passes/masks.js';
import { type EmitTable, number, numbers } from '../../emit.js';
import type { Builder } from './builder.js';
import { type HloValue, shapeOf, typeText } from './types.js';

/** 16-bit numbers in a block of the generator; each decides about one element. */
const NUMBERS_PER_BLOCK = 8;

/** Random numbers that depend only on a key. */
export const random: EmitTable<Builder, HloValue> = {
  /**
   * 0 or 1 / (1 − rate), from 16 bits of Philox4x32-10 per element, with the mask's key and the counter (block, 0,
   * stream, 0). With several replicas, the elements are numbered across all of them, so that a divided batch has the
   * same mask as on one device.
   */
  [DROPOUT_MASKS]: (to, node, key) => {
    const shape = shapeOf(node);
    const threshold = Math.round(number(node, 'rate') * 2 ** 16);
    const scale = to.full(1 / (1 - threshold / 2 ** 16), shape, 'float32');
    const zero = to.full(0, shape, 'float32');
    const count = elementCount(shape);
    return decisions(to, key, numbers(node, 'streams'), threshold, count).map((kept) =>
      to.select(to.reshape(kept, shape), scale, zero),
    );
  },
};

/** Whether each of `count` elements is kept, for each stream: bool [count]. */
function decisions(
  to: Builder,
  key: HloValue,
  streams: readonly number[],
  threshold: number,
  count: number,
): HloValue[] {
  const { replicas = 1 } = to.options;
  const even = count % NUMBERS_PER_BLOCK === 0;
  // A share that begins inside a block draws one more block and drops its neighbour's numbers.
  const blocks = Math.ceil(count / NUMBERS_PER_BLOCK) + (replicas > 1 && !even ? 1 : 0);
  const word = (value: number) => to.full(value, [], 'uint32');
  const scalar = { shape: [], dtype: 'uint32' as const };
  const replica = replicas > 1 ? to.line('stablehlo.replica_id', '', typeText(scalar), scalar) : word(0);
  const place = to.same('stablehlo.multiply', replica, word(count));
  const first = to.same('stablehlo.divide', place, word(NUMBERS_PER_BLOCK));
  const shape = [streams.length, blocks];
  const block = to.same('stablehlo.add', to.iota(shape, 1, 'uint32'), to.broadcast(first, shape));
  const stream = to.broadcastIn(
    to.constant(Int32Array.from(streams), [streams.length], 'uint32'),
    shape,
    [0],
  );
  const bytes = keptBits(to, philox(to, key, block, stream), threshold);
  const within = to.same('stablehlo.remainder', place, word(NUMBERS_PER_BLOCK));
  const all = to.reshape(unpacked(to, bytes), [streams.length, NUMBERS_PER_BLOCK * blocks]);
  return streams.map((_, i) => {
    const bits = to.reshape(to.slice(all, [i, 0], [1, NUMBERS_PER_BLOCK * blocks]), [
      NUMBERS_PER_BLOCK * blocks,
    ]);
    if (replicas === 1 || even) return bits.shape[0] === count ? bits : to.slice(bits, [0], [count]);
    const result = { shape: [count], dtype: 'bool' as const };
    return to.line(
      'stablehlo.dynamic_slice',
      `${bits.name}, ${within.name}, sizes = [${count}]`,
      `(${typeText(bits)}, ${typeText(within)}) -> ${typeText(result)}`,
      result,
    );
  });
}

/**
 * The kept elements of a mask, one bit each: uint8 [streams, blocks]. The bits take a sixteenth of the numbers' memory,
 * and so can be kept for the backward pass instead of being drawn again by each reader.
 */
function keptBits(to: Builder, words: readonly HloValue[], threshold: number): HloValue {
  const bits = words.flatMap((word, i) => {
    const halves = [
      to.same('stablehlo.and', word, to.like(0xffff, word)),
      to.same('stablehlo.shift_right_logical', word, to.like(16, word)),
    ];
    return halves.map((half, j) => {
      const kept = to.cast(to.compare('GE', half, to.like(threshold, half)), 'uint8');
      return to.same('stablehlo.shift_left', kept, to.like(2 * i + j, kept));
    });
  });
  return to.barrier([bits.reduce((byte, bit) => to.same('stablehlo.or', byte, bit))])[0]!;
}

/** The bits of bytes [m, n], lowest first: bool [m, n, 8]. */
function unpacked(to: Builder, bytes: HloValue): HloValue {
  const shape = [...bytes.shape, NUMBERS_PER_BLOCK];
  const wide = to.broadcastIn(bytes, shape, [0, 1]);
  const shifted = to.same('stablehlo.shift_right_logical', wide, to.iota(shape, 2, 'uint8'));
  const bit = to.same('stablehlo.and', shifted, to.like(1, shifted));
  return to.compare('NE', bit, to.like(0, bit));
}

const MULTIPLIERS = [0xd251_1f53, 0xcd9e_8d57] as const;
const WEYL = [0x9e37_79b9, 0xbb67_ae85] as const;
const ROUNDS = 10;

/**
 * The blocks of Philox4x32-10 (Salmon et al. 2011) for the counters (block, 0, stream, 0): four words, each of the
 * shape of `block`. XLA's own `rng_bit_generator` would interleave them in another pass over memory.
 *
 * @param key int32 [2]
 */
function philox(to: Builder, key: HloValue, block: HloValue, stream: HloValue): HloValue[] {
  const words = to.op('stablehlo.bitcast_convert', [key], { shape: [2], dtype: 'uint32' });
  let keys = [0, 1].map((i) => to.reshape(to.slice(words, [i], [1]), []));
  const constant = (value: number) => to.like(value, block);
  let state = [block, constant(0), stream, constant(0)];
  for (let round = 0; round < ROUNDS; round++) {
    const [[high0, low0], [high1, low1]] = MULTIPLIERS.map((by, i) => wideProduct(to, state[2 * i]!, by)) as [
      [HloValue, HloValue],
      [HloValue, HloValue],
    ];
    const mixed = ([high1, high0] as const).map((high, i) => {
      const own = to.same('stablehlo.xor', high, state[2 * i + 1]!);
      return to.same('stablehlo.xor', own, to.broadcast(keys[i]!, own.shape));
    });
    state = [mixed[0]!, low1, mixed[1]!, low0];
    keys = keys.map((own, i) => to.same('stablehlo.add', own, to.like(WEYL[i]!, own)));
  }
  return state;
}

/** The high and low words of the product of two 32-bit words. */
function wideProduct(to: Builder, word: HloValue, by: number): [high: HloValue, low: HloValue] {
  const wide = to.cast(word, 'uint64');
  const product = to.same('stablehlo.multiply', wide, to.like(by, wide));
  const high = to.same('stablehlo.shift_right_logical', product, to.like(32, product));
  return [to.cast(high, 'uint32'), to.cast(product, 'uint32')];
}
