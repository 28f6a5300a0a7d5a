// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) on four counters at once.
// src/random/counter.ts documents the counter layout; src/random/reference.ts is the same in plain TypeScript.

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS = 10;

// The four words of the last four blocks: lane j of word w belongs to block j.
let word0: v128 = i64x2.splat(0);
let word1: v128 = i64x2.splat(0);
let word2: v128 = i64x2.splat(0);
let word3: v128 = i64x2.splat(0);

// @ts-ignore: AssemblyScript decorator
@inline
function lowHalves(even: v128, odd: v128): v128 {
  return v128.shuffle<u32>(even, odd, 0, 2, 4, 6);
}

// @ts-ignore: AssemblyScript decorator
@inline
function highHalves(even: v128, odd: v128): v128 {
  return v128.shuffle<u32>(even, odd, 1, 3, 5, 7);
}

// @ts-ignore: AssemblyScript decorator
@inline
function philox(counter0: v128, counter1: v128, counter2: v128, counter3: v128, keyLow: u32, keyHigh: u32): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  const weyl0 = i32x4.splat(WEYL_0);
  const weyl1 = i32x4.splat(WEYL_1);
  let key0 = i32x4.splat(keyLow);
  let key1 = i32x4.splat(keyHigh);
  for (let round = 0; round < ROUNDS; round++) {
    const product0Low = i64x2.extmul_low_i32x4_u(counter0, multiplier0);
    const product0High = i64x2.extmul_high_i32x4_u(counter0, multiplier0);
    const product1Low = i64x2.extmul_low_i32x4_u(counter2, multiplier1);
    const product1High = i64x2.extmul_high_i32x4_u(counter2, multiplier1);
    counter0 = v128.xor(v128.xor(highHalves(product1Low, product1High), counter1), key0);
    counter1 = lowHalves(product1Low, product1High);
    counter2 = v128.xor(v128.xor(highHalves(product0Low, product0High), counter3), key1);
    counter3 = lowHalves(product0Low, product0High);
    key0 = i32x4.add(key0, weyl0);
    key1 = i32x4.add(key1, weyl1);
  }
  word0 = counter0;
  word1 = counter1;
  word2 = counter2;
  word3 = counter3;
}

/** The bits of 16 positions whose words are `<= limit`: position 4 * block + word. */
// @ts-ignore: AssemblyScript decorator
@inline
function selected(limit: v128): u32 {
  const low01 = v128.shuffle<u32>(word0, word1, 0, 4, 1, 5);
  const low23 = v128.shuffle<u32>(word2, word3, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(word0, word1, 2, 6, 3, 7);
  const high23 = v128.shuffle<u32>(word2, word3, 2, 6, 3, 7);
  const block0 = i32x4.le_u(v128.shuffle<u64>(low01, low23, 0, 2), limit);
  const block1 = i32x4.le_u(v128.shuffle<u64>(low01, low23, 1, 3), limit);
  const block2 = i32x4.le_u(v128.shuffle<u64>(high01, high23, 0, 2), limit);
  const block3 = i32x4.le_u(v128.shuffle<u64>(high01, high23, 1, 3), limit);
  return i8x16.bitmask(
    i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(block0, block1), i16x8.narrow_i32x4_s(block2, block3)),
  );
}

/**
 * Selection bits of `count` rows, at `bits`: ceil(length / 32) words a row, one row after the other.
 * `lengths`, `rows`, `units` point to one u32 a row. Bits past a row's length are 0.
 */
export function select(
  count: i32, lengths: usize, rows: usize, units: usize, bits: usize,
  keyLow: u32, keyHigh: u32, counter3: u32, limit: u32,
): void {
  const limits = i32x4.splat(limit);
  const fourth = i32x4.splat(counter3);
  const firstBlocks = i32x4(0, 1, 2, 3);
  const step = i32x4.splat(4);
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const length = load<u32>(lengths + at);
    const row = i32x4.splat(load<u32>(rows + at));
    const unit = i32x4.splat(load<u32>(units + at));
    let blocks = firstBlocks;
    for (let position: u32 = 0; position < length; position += 32) {
      philox(blocks, row, unit, fourth, keyLow, keyHigh);
      let word = selected(limits);
      blocks = i32x4.add(blocks, step);
      const left = length - position;
      if (left > 16) {
        philox(blocks, row, unit, fourth, keyLow, keyHigh);
        word |= selected(limits) << 16;
      }
      blocks = i32x4.add(blocks, step);
      if (left < 32) word &= (1 << left) - 1;
      store<u32>(bits, word);
      bits += 4;
    }
  }
}

/**
 * Kind words and choices of `count` replaced positions: `kinds[i]` is the raw word, `choices[i]` lies in [0, range).
 * `count` is rounded up to a multiple of four; the buffers must have room for that.
 */
export function replace(
  count: i32, positions: usize, rows: usize, units: usize, kinds: usize, choices: usize,
  keyLow: u32, keyHigh: u32, counter3: u32, range: u32,
): void {
  const fourth = i32x4.splat(counter3);
  const ranges = i32x4.splat(range);
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    philox(v128.load(positions + at), v128.load(rows + at), v128.load(units + at), fourth, keyLow, keyHigh);
    v128.store(kinds + at, word0);
    // floor((word1 * 2^32 + word2) * range / 2^64): the high half of word1 * range plus the carry of word2 * range.
    const low = i64x2.add(
      i64x2.extmul_low_i32x4_u(word1, ranges),
      i64x2.shr_u(i64x2.extmul_low_i32x4_u(word2, ranges), 32),
    );
    const high = i64x2.add(
      i64x2.extmul_high_i32x4_u(word1, ranges),
      i64x2.shr_u(i64x2.extmul_high_i32x4_u(word2, ranges), 32),
    );
    v128.store(choices + at, highHalves(low, high));
  }
}

/** One block, for the frozen test vectors: four words at `counter` become the four words of its block. */
export function block(counter: usize, keyLow: u32, keyHigh: u32): void {
  philox(
    i32x4.splat(load<u32>(counter)), i32x4.splat(load<u32>(counter, 4)),
    i32x4.splat(load<u32>(counter, 8)), i32x4.splat(load<u32>(counter, 12)), keyLow, keyHigh,
  );
  store<u32>(counter, i32x4.extract_lane(word0, 0));
  store<u32>(counter, i32x4.extract_lane(word1, 0), 4);
  store<u32>(counter, i32x4.extract_lane(word2, 0), 8);
  store<u32>(counter, i32x4.extract_lane(word3, 0), 12);
}
