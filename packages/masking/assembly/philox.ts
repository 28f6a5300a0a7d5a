// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011) on eight counters at once: two groups
// of four, so that one group's multiplications fill the time in which the other waits for its own.
// src/random/counter.ts documents the counter layout; src/random/reference.ts is the same in plain TypeScript.

const MULTIPLIER_0: u32 = 0xd2511f53;
const MULTIPLIER_1: u32 = 0xcd9e8d57;
const WEYL_0: u32 = 0x9e3779b9;
const WEYL_1: u32 = 0xbb67ae85;
const ROUNDS = 10;

/** Positions that one call of `philox` selects for: eight blocks of four words. */
const POSITIONS: u32 = 32;

// What `philox` gives: the words of blocks 0 to 3 (a) and 4 to 7 (b); lane j of a word belongs to block j of its group.
let a0: v128 = i64x2.splat(0);
let a1: v128 = i64x2.splat(0);
let a2: v128 = i64x2.splat(0);
let a3: v128 = i64x2.splat(0);
let b0: v128 = i64x2.splat(0);
let b1: v128 = i64x2.splat(0);
let b2: v128 = i64x2.splat(0);
let b3: v128 = i64x2.splat(0);

@inline function lowHalves(first: v128, last: v128): v128 {
  return v128.shuffle<u32>(first, last, 0, 2, 4, 6);
}

@inline function highHalves(first: v128, last: v128): v128 {
  return v128.shuffle<u32>(first, last, 1, 3, 5, 7);
}

/** `rounds` rounds of two groups of counters, with the keys of the first of them. */
@inline function run(
  c0: v128, c1: v128, c2: v128, c3: v128,
  d0: v128, d1: v128, d2: v128, d3: v128,
  keyLow: u32, keyHigh: u32, rounds: i32,
): void {
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  const weyl0 = i32x4.splat(WEYL_0);
  const weyl1 = i32x4.splat(WEYL_1);
  let key0 = i32x4.splat(keyLow);
  let key1 = i32x4.splat(keyHigh);
  for (let round = 0; round < rounds; round++) {
    const c0First = i64x2.extmul_low_i32x4_u(c0, multiplier0);
    const c0Last = i64x2.extmul_high_i32x4_u(c0, multiplier0);
    const c2First = i64x2.extmul_low_i32x4_u(c2, multiplier1);
    const c2Last = i64x2.extmul_high_i32x4_u(c2, multiplier1);
    c0 = v128.xor(v128.xor(highHalves(c2First, c2Last), c1), key0);
    c1 = lowHalves(c2First, c2Last);
    c2 = v128.xor(v128.xor(highHalves(c0First, c0Last), c3), key1);
    c3 = lowHalves(c0First, c0Last);
    const d0First = i64x2.extmul_low_i32x4_u(d0, multiplier0);
    const d0Last = i64x2.extmul_high_i32x4_u(d0, multiplier0);
    const d2First = i64x2.extmul_low_i32x4_u(d2, multiplier1);
    const d2Last = i64x2.extmul_high_i32x4_u(d2, multiplier1);
    d0 = v128.xor(v128.xor(highHalves(d2First, d2Last), d1), key0);
    d1 = lowHalves(d2First, d2Last);
    d2 = v128.xor(v128.xor(highHalves(d0First, d0Last), d3), key1);
    d3 = lowHalves(d0First, d0Last);
    key0 = i32x4.add(key0, weyl0);
    key1 = i32x4.add(key1, weyl1);
  }
  a0 = c0;
  a1 = c1;
  a2 = c2;
  a3 = c3;
  b0 = d0;
  b1 = d1;
  b2 = d2;
  b3 = d3;
}

@inline function philox(
  c0: v128, c1: v128, c2: v128, c3: v128,
  d0: v128, d1: v128, d2: v128, d3: v128,
  keyLow: u32, keyHigh: u32,
): void {
  run(c0, c1, c2, c3, d0, d1, d2, d3, keyLow, keyHigh, ROUNDS);
}

/** The bits of a group's 16 positions, set where the word is `<= limit`: position 4 * block + word. */
@inline function selected(word0: v128, word1: v128, word2: v128, word3: v128, limit: v128): u32 {
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
 * `lengths`, `rows`, `units`, `lasts` (the counter's last word) point to one u32 a row. Bits past a row's length are 0.
 */
export function select(
  count: i32, lengths: usize, rows: usize, units: usize, lasts: usize, bits: usize,
  keyLow: u32, keyHigh: u32, limit: u32,
): void {
  const limits = i32x4.splat(limit);
  const multiplier0 = i32x4.splat(MULTIPLIER_0);
  const multiplier1 = i32x4.splat(MULTIPLIER_1);
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const length = load<u32>(lengths + at);
    // Of the first two rounds, half is the same for all blocks of a row, in which word 0 alone differs.
    const unitProduct = <u64>load<u32>(units + at) * MULTIPLIER_1;
    const first0 = <u32>(unitProduct >> 32) ^ load<u32>(rows + at) ^ keyLow;
    const firstProduct = <u64>first0 * MULTIPLIER_0;
    const key2 = i32x4.splat(load<u32>(lasts + at) ^ keyHigh);
    const key0 = i32x4.splat(<u32>unitProduct ^ (keyLow + WEYL_0));
    const key1 = i32x4.splat(<u32>(firstProduct >> 32) ^ (keyHigh + WEYL_1));
    const third = i32x4.splat(<u32>firstProduct);
    let blocks = i32x4(0, 1, 2, 3);
    for (let position: u32 = 0; position < length; position += POSITIONS) {
      const next = i32x4.add(blocks, i32x4.splat(4));
      const cFirst = i64x2.extmul_low_i32x4_u(blocks, multiplier0);
      const cLast = i64x2.extmul_high_i32x4_u(blocks, multiplier0);
      const dFirst = i64x2.extmul_low_i32x4_u(next, multiplier0);
      const dLast = i64x2.extmul_high_i32x4_u(next, multiplier0);
      const c2 = v128.xor(highHalves(cFirst, cLast), key2);
      const d2 = v128.xor(highHalves(dFirst, dLast), key2);
      const c2First = i64x2.extmul_low_i32x4_u(c2, multiplier1);
      const c2Last = i64x2.extmul_high_i32x4_u(c2, multiplier1);
      const d2First = i64x2.extmul_low_i32x4_u(d2, multiplier1);
      const d2Last = i64x2.extmul_high_i32x4_u(d2, multiplier1);
      run(
        v128.xor(highHalves(c2First, c2Last), key0), lowHalves(c2First, c2Last),
        v128.xor(lowHalves(cFirst, cLast), key1), third,
        v128.xor(highHalves(d2First, d2Last), key0), lowHalves(d2First, d2Last),
        v128.xor(lowHalves(dFirst, dLast), key1), third,
        keyLow + 2 * WEYL_0, keyHigh + 2 * WEYL_1, ROUNDS - 2,
      );
      let word = selected(a0, a1, a2, a3, limits) | (selected(b0, b1, b2, b3, limits) << 16);
      const left = length - position;
      if (left < POSITIONS) word &= (1 << left) - 1;
      store<u32>(bits, word);
      bits += 4;
      blocks = i32x4.add(blocks, i32x4.splat(8));
    }
  }
}

/**
 * floor((high * 2^32 + low) * range / 2^64): the high half of high * range plus the carry of low * range.
 */
@inline function choice(high: v128, low: v128, range: v128): v128 {
  const first = i64x2.add(
    i64x2.extmul_low_i32x4_u(high, range),
    i64x2.shr_u(i64x2.extmul_low_i32x4_u(low, range), 32),
  );
  const last = i64x2.add(
    i64x2.extmul_high_i32x4_u(high, range),
    i64x2.shr_u(i64x2.extmul_high_i32x4_u(low, range), 32),
  );
  return highHalves(first, last);
}

/**
 * Makes counters of `count` positions: `words0` has indices in the column and `words1` the row of each, in whose place the
 * counters' words 0 and 1 are written. `starts`, `rows`, `units`, `lasts` point to one u32 a row.
 */
export function counters(
  count: i32, words0: usize, words1: usize, words2: usize, words3: usize,
  starts: usize, rows: usize, units: usize, lasts: usize, purpose: u32, stream: u32,
): void {
  for (let i = 0; i < count; i++) {
    const at = <usize>i << 2;
    const row = <usize>load<u32>(words1 + at) << 2;
    store<u32>(words0 + at, (load<u32>(words0 + at) - load<u32>(starts + row)) | purpose);
    store<u32>(words1 + at, load<u32>(rows + row));
    store<u32>(words2 + at, load<u32>(units + row));
    store<u32>(words3 + at, load<u32>(lasts + row) | stream);
  }
}

/**
 * Replacement draws for `count` masked positions: `kinds` get the raw words, `choices` lie in [0, range). `positions`, `rows`,
 * `units`, `lasts` point to one u32 a position. All buffers have room for a multiple of eight.
 */
export function replace(
  count: i32, positions: usize, rows: usize, units: usize, lasts: usize, kinds: usize, choices: usize,
  keyLow: u32, keyHigh: u32, range: u32,
): void {
  const ranges = i32x4.splat(range);
  for (let i = 0; i < count; i += 8) {
    const at = <usize>i << 2;
    philox(
      v128.load(positions + at), v128.load(rows + at), v128.load(units + at), v128.load(lasts + at),
      v128.load(positions + at, 16), v128.load(rows + at, 16), v128.load(units + at, 16), v128.load(lasts + at, 16),
      keyLow, keyHigh,
    );
    v128.store(kinds + at, a0);
    v128.store(kinds + at, b0, 16);
    v128.store(choices + at, choice(a1, a2, ranges));
    v128.store(choices + at, choice(b1, b2, ranges), 16);
  }
}

/**
 * Raw blocks of `count` counters, whose words stand at `words0` to `words3`, one u32 each; the four words of output take
 * their place. All buffers have room for a multiple of eight.
 */
export function blocks(
  count: i32, words0: usize, words1: usize, words2: usize, words3: usize, keyLow: u32, keyHigh: u32,
): void {
  for (let i = 0; i < count; i += 8) {
    const at = <usize>i << 2;
    philox(
      v128.load(words0 + at), v128.load(words1 + at), v128.load(words2 + at), v128.load(words3 + at),
      v128.load(words0 + at, 16), v128.load(words1 + at, 16), v128.load(words2 + at, 16), v128.load(words3 + at, 16),
      keyLow, keyHigh,
    );
    v128.store(words0 + at, a0);
    v128.store(words0 + at, b0, 16);
    v128.store(words1 + at, a1);
    v128.store(words1 + at, b1, 16);
    v128.store(words2 + at, a2);
    v128.store(words2 + at, b2, 16);
    v128.store(words3 + at, a3);
    v128.store(words3 + at, b3, 16);
  }
}

/** One block, for the known-answer vectors: four words of counter become the four words of output. */
export function block(counter: usize, keyLow: u32, keyHigh: u32): void {
  const c0 = i32x4.splat(load<u32>(counter));
  const c1 = i32x4.splat(load<u32>(counter, 4));
  const c2 = i32x4.splat(load<u32>(counter, 8));
  const c3 = i32x4.splat(load<u32>(counter, 12));
  philox(c0, c1, c2, c3, c0, c1, c2, c3, keyLow, keyHigh);
  store<u32>(counter, i32x4.extract_lane(a0, 0));
  store<u32>(counter, i32x4.extract_lane(a1, 0), 4);
  store<u32>(counter, i32x4.extract_lane(a2, 0), 8);
  store<u32>(counter, i32x4.extract_lane(a3, 0), 12);
}
