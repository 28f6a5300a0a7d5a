import { bit0, bit1, bitsOf, lookUp } from './words';

// What verify counts of rows, 32 positions at a time: src/verify/scan.ts says what the counts mean, and src/verify/laws.ts
// says in words what is wrong with a row that is found to be broken here.

/** The class of ids that are never masked, as src/select/words.ts has it. One more, and a dataset from elsewhere may mask it. */
const PROTECTED: u8 = 2;

// Settings, as bits of one number.
const LABELS_ALL: u32 = 1;
const MAY_KEEP: u32 = 2;
const MAY_DRAW: u32 = 4;
const BY_WORDS: u32 = 8;
const MAY_DRAW_PROTECTED: u32 = 16;

// The words of `out`: src/verify/counter.ts reads them in this order.
const MASKABLE: usize = 0;
const BY_MASK: usize = 4;
const KEPT: usize = 8;
const BY_OTHER: usize = 12;
const BY_PROTECTED: usize = 16;
const PAIRS: usize = 20; // three
const BOTH: usize = 32; // three
const CONTINUED: usize = 44;
const ALIKE: usize = 48;
const MASKED_PROTECTED: usize = 52;

@inline function sum(at: usize, count: u32): void {
  store<u32>(at, load<u32>(at) + count);
}

/** Whether the bytes of a row's attention mask are ones up to `last`, then zeros. */
@inline function isAttentionOf(attention: usize, last: u32, length: u32): bool {
  let at: u32 = 0;
  for (; at + 16 <= last; at += 16) {
    if (!i8x16.all_true(i8x16.eq(v128.load(attention + at), i8x16.splat(1)))) return false;
  }
  for (; at < last; at++) if (load<u8>(attention + at) !== 1) return false;
  for (; at < length; at++) if (load<u8>(attention + at) !== 0) return false;
  return true;
}

/** What is written of each row, in words: src/verify/counter.ts reads them in this order. */
const ROW_WORDS: usize = 5;
const IS_SOUND: usize = 0;
const TOKENS: usize = 4;
const CHOICES: usize = 8;
const CHOSEN: usize = 12;
const MASKED: usize = 16;

/**
 * Counts `count` rows, which follow one another, but for those that break a law that can be told without their number of masks.
 * `ids`, `labels` (u32 each) and `attention` (a byte each; 0 if there is none) may be read 32 positions beyond the rows' end.
 * `table` has the class of each of `size` ids. `byId` has three columns of a word an id: all of its tokens, choices that a class
 * alone does not tell, and chosen ones. `reach` counts rows by their tokens; `passedAt` counts tokens that are no choices by
 * position, `chosenAt` chosen ones. What the rows come to is added to `out`, and each row's counts are written to `ofRows`.
 *
 * Of sound rows, `originals` get the ids before masking, and have room for 32 more; `maskable` and `masked` get one bit a
 * position, ceil(length / 32) words a row. `classes` is room for 32 bytes.
 */
export function scanRows(
  count: i32, lengths: usize, ids: usize, labels: usize, attention: usize, table: usize, size: u32, byId: usize,
  reach: usize, passedAt: usize, chosenAt: usize, classes: usize, out: usize, settings: u32, maskId: u32, padId: u32,
  ofRows: usize, originals: usize, maskable: usize, masked: usize,
): void {
  for (let i = 0; i < count; i++) {
    const length = load<u32>(lengths + (<usize>i << 2));
    const isSound = scanRow(
      ids, labels, attention, length, table, size, byId, reach, passedAt, chosenAt, classes, out, settings, maskId, padId,
      ofRows, originals, maskable, masked,
    );
    store<u32>(ofRows + IS_SOUND, isSound);
    const bytes = <usize>length << 2;
    ids += bytes;
    labels += bytes;
    originals += bytes;
    if (attention !== 0) attention += length;
    const bits = <usize>((length + 31) >>> 5) << 2;
    maskable += bits;
    masked += bits;
    ofRows += ROW_WORDS << 2;
  }
}

/** {@link scanRows} for one row. Returns whether it is sound. */
function scanRow(
  ids: usize, labels: usize, attention: usize, length: u32, table: usize, size: u32, byId: usize,
  reach: usize, passedAt: usize, chosenAt: usize, classes: usize, out: usize, settings: u32, maskId: u32, padId: u32,
  ofRow: usize, originals: usize, maskableBits: usize, maskedBits: usize,
): bool {
  let last = length;
  while (last > 0 && load<u32>(ids + (<usize>(last - 1) << 2)) === padId) last--;
  store<u32>(ofRow + TOKENS, last);
  sum(reach + (<usize>last << 2), 1);
  for (let i = last; i < length; i++) {
    const at = <usize>i << 2;
    if (load<i32>(labels + at) !== -100) return false;
    store<u32>(originals + at, padId);
  }
  for (let at = (last + 31) >>> 5; at < (length + 31) >>> 5; at++) {
    store<u32>(maskableBits + (<usize>at << 2), 0);
    store<u32>(maskedBits + (<usize>at << 2), 0);
  }
  if (attention !== 0 && !isAttentionOf(attention, last, length)) return false;
  const ignored = i32x4.splat(-100);
  const mask = i32x4.splat(maskId);
  const sizes = i32x4.splat(size);
  let cutBefore: u32 = 1; // by the row's edge, or a protected token
  let maskedBefore: u32 = 0;
  const cutOf = byId + (<usize>size << 2);
  const chosenOf = cutOf + (<usize>size << 2);
  let rowChoices: u32 = 0, rowChosen: u32 = 0, rowMasked: u32 = 0;
  for (let position: u32 = 0; position < last; position += 32) {
    const left = last - position;
    const here: u32 = left < 32 ? left : 32;
    const inRow: u32 = here === 32 ? 0xffffffff : (1 << here) - 1;
    const idsHere = ids + (<usize>position << 2);
    const labelsHere = labels + (<usize>position << 2);
    const originalsHere = originals + (<usize>position << 2);
    let labelled: u32 = 0, isMaskId: u32 = 0, isSame: u32 = 0, inside: u32 = 0;
    for (let half: u32 = 0; half < 2; half++) {
      const byte = <usize>half << 6;
      const id0 = v128.load(idsHere + byte), id1 = v128.load(idsHere + byte, 16);
      const id2 = v128.load(idsHere + byte, 32), id3 = v128.load(idsHere + byte, 48);
      const label0 = v128.load(labelsHere + byte), label1 = v128.load(labelsHere + byte, 16);
      const label2 = v128.load(labelsHere + byte, 32), label3 = v128.load(labelsHere + byte, 48);
      const has0 = i32x4.ne(label0, ignored), has1 = i32x4.ne(label1, ignored);
      const has2 = i32x4.ne(label2, ignored), has3 = i32x4.ne(label3, ignored);
      const original0 = v128.bitselect(label0, id0, has0), original1 = v128.bitselect(label1, id1, has1);
      const original2 = v128.bitselect(label2, id2, has2), original3 = v128.bitselect(label3, id3, has3);
      v128.store(originalsHere + byte, original0);
      v128.store(originalsHere + byte, original1, 16);
      v128.store(originalsHere + byte, original2, 32);
      v128.store(originalsHere + byte, original3, 48);
      const shift = half << 4;
      labelled |= bitsOf(has0, has1, has2, has3) << shift;
      isMaskId |= bitsOf(i32x4.eq(id0, mask), i32x4.eq(id1, mask), i32x4.eq(id2, mask), i32x4.eq(id3, mask)) << shift;
      isSame |=
        bitsOf(i32x4.eq(id0, label0), i32x4.eq(id1, label1), i32x4.eq(id2, label2), i32x4.eq(id3, label3)) << shift;
      inside |=
        bitsOf(
          v128.and(i32x4.lt_u(id0, sizes), i32x4.lt_u(original0, sizes)),
          v128.and(i32x4.lt_u(id1, sizes), i32x4.lt_u(original1, sizes)),
          v128.and(i32x4.lt_u(id2, sizes), i32x4.lt_u(original2, sizes)),
          v128.and(i32x4.lt_u(id3, sizes), i32x4.lt_u(original3, sizes)),
        ) << shift;
    }
    labelled &= inRow;
    if ((inside & inRow) !== inRow) return false;
    let masked = labelled;
    if (settings & LABELS_ALL) {
      if (labelled !== inRow) return false;
      masked = inRow & ~isSame;
    }
    // The class of each original, and its tokens.
    let first: v128, second: v128;
    if (here === 32) {
      first = lookUp(table, originalsHere);
      second = lookUp(table, originalsHere + 64);
      for (let at: usize = 0; at < 128; at += 16) {
        sum(byId + (<usize>load<u32>(originalsHere + at) << 2), 1);
        sum(byId + (<usize>load<u32>(originalsHere + at, 4) << 2), 1);
        sum(byId + (<usize>load<u32>(originalsHere + at, 8) << 2), 1);
        sum(byId + (<usize>load<u32>(originalsHere + at, 12) << 2), 1);
      }
    } else {
      for (let i: u32 = 0; i < here; i++) {
        const original = <usize>load<u32>(originalsHere + (<usize>i << 2));
        store<u8>(classes + i, load<u8>(table + original));
        sum(byId + (original << 2), 1);
      }
      first = v128.load(classes);
      second = v128.load(classes, 16);
    }
    const begun = bit0(first, second);
    const kept = bit1(first, second) & inRow;
    if (masked & kept & ~begun) return false;
    const maskable = inRow & ~kept;
    let choices = maskable;
    const stretches = maskable & ((kept << 1) | cutBefore);
    // Tokens that continue a word, and those that are masked or not as the token before.
    const continued = maskable & ~begun & ~stretches;
    const alike = continued & ~(masked ^ ((masked << 1) | maskedBefore));
    if (settings & BY_WORDS) {
      choices &= begun | stretches;
      if (alike !== continued) return false;
      for (let bits = stretches & ~begun; bits !== 0; bits &= bits - 1) {
        sum(cutOf + (<usize>load<u32>(originalsHere + (<usize>ctz(bits) << 2)) << 2), 1);
      }
    }
    store<u32>(maskableBits + (position >>> 3), maskable);
    store<u32>(maskedBits + (position >>> 3), masked);
    cutBefore = kept >>> 31;
    maskedBefore = masked >>> 31;
    const chosen = choices & masked;
    const chosenHere = chosenAt + (<usize>position << 2);
    for (let bits = chosen; bits !== 0; bits &= bits - 1) {
      const at = <usize>ctz(bits) << 2;
      sum(chosenOf + (<usize>load<u32>(originalsHere + at) << 2), 1);
      sum(chosenHere + at, 1);
    }
    // Most tokens are choices: fewer are not.
    const passedHere = passedAt + (<usize>position << 2);
    for (let bits = inRow & ~choices; bits !== 0; bits &= bits - 1) sum(passedHere + (<usize>ctz(bits) << 2), 1);
    // What took the place of masked tokens.
    const same = masked & isSame & ~isMaskId;
    const other = masked & ~isSame & ~isMaskId;
    if (same !== 0 && !(settings & MAY_KEEP)) return false;
    if (other !== 0 && !(settings & MAY_DRAW)) return false;
    for (let bits = other; bits !== 0; bits &= bits - 1) {
      const id = <usize>load<u32>(idsHere + (<usize>ctz(bits) << 2));
      if (load<u8>(table + id) < PROTECTED) continue;
      if (!(settings & MAY_DRAW_PROTECTED)) return false;
      sum(out + BY_PROTECTED, 1);
    }
    sum(out + MASKABLE, popcnt(maskable));
    sum(out + BY_MASK, popcnt(masked & isMaskId));
    sum(out + MASKED_PROTECTED, popcnt(masked & kept));
    sum(out + KEPT, popcnt(same));
    sum(out + CONTINUED, popcnt(continued));
    sum(out + ALIKE, popcnt(alike));
    sum(out + BY_OTHER, popcnt(other));
    // Pairs that have no position in common: at distance 1 those of an odd position and the one before, and so on.
    sum(out + PAIRS, popcnt(choices & (choices << 1) & 0xaaaaaaaa));
    sum(out + PAIRS + 4, popcnt(choices & (choices << 2) & 0xcccccccc));
    sum(out + PAIRS + 8, popcnt(choices & (choices << 4) & 0xf0f0f0f0));
    sum(out + BOTH, popcnt(chosen & (chosen << 1) & 0xaaaaaaaa));
    sum(out + BOTH + 4, popcnt(chosen & (chosen << 2) & 0xcccccccc));
    sum(out + BOTH + 8, popcnt(chosen & (chosen << 4) & 0xf0f0f0f0));
    rowChoices += popcnt(choices);
    rowChosen += popcnt(chosen);
    rowMasked += popcnt(masked);
  }
  store<u32>(ofRow + CHOICES, rowChoices);
  store<u32>(ofRow + CHOSEN, rowChosen);
  store<u32>(ofRow + MASKED, rowMasked);
  return true;
}
