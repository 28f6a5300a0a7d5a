// Labels at the positions that are drawn, and back: src/rows/label.ts and src/rows/originals.ts say what they mean.

/** The class of ids that are never masked, as src/select/words.ts has it. */
const PROTECTED: u8 = 2;

/** {@link label}, once for each way to go on: a constant costs no branch a token. */
@inline function labelEach(
  count: i32, lengths: usize, ids: usize, labels: usize, bits: usize, runStarts: usize, table: usize, size: u32,
  firstFree: u32, free: u32, putMask: bool, maskId: u32, firstIndex: i32, indices: usize, rowOf: usize, kindOf: usize,
): i32 {
  let labelled: i32 = 0;
  let kind: i32 = 0;
  let at: usize = 0;
  for (let i = 0; i < count; i++) {
    const end = at + (<usize>load<u32>(lengths + (<usize>i << 2)) << 2);
    for (; at < end; at += 128, bits += 4) {
      for (let rest = load<u32>(bits); rest !== 0; rest &= rest - 1) {
        const here = at + (<usize>ctz(rest) << 2);
        const id = load<u32>(ids + here);
        if (id - firstFree >= free) {
          if (id >= size) return -1 - <i32>(here >>> 2);
          if (load<u8>(table + id) === PROTECTED) continue;
        }
        store<u32>(labels + here, id);
        if (putMask) {
          store<u32>(ids + here, maskId);
        } else {
          const place = <usize>labelled << 2;
          if (runStarts === 0 || (load<u32>(runStarts) & rest & -rest) !== 0) kind = labelled;
          store<i32>(indices + place, firstIndex + <i32>(here >>> 2));
          store<i32>(rowOf + place, i);
          store<i32>(kindOf + place, kind);
        }
        labelled++;
      }
      if (runStarts !== 0) runStarts += 4;
    }
    at = end;
  }
  return labelled;
}

/**
 * Gives the positions whose bit is set and whose id is not protected their ids as labels. `ids` and `labels` are those of
 * `count` rows that follow one another, with ceil(length / 32) words of bits each; the ids from `firstFree` on, `free` of them, are
 * known not to be protected. With `putMask` labelled ids become `maskId`. Otherwise they stay, and the positions are listed:
 * their index from `firstIndex` on, their row, and the place in the list of the one whose draw decides what replaces them, their
 * own or (if there are `runStarts`) the first of their run's.
 * @returns the number of labelled positions; or -1 - i if the id at index i should be labelled, but is not below `size`
 */
export function label(
  count: i32, lengths: usize, ids: usize, labels: usize, bits: usize, runStarts: usize, table: usize, size: u32,
  firstFree: u32, free: u32, putMask: bool, maskId: u32, firstIndex: i32, indices: usize, rowOf: usize, kindOf: usize,
): i32 {
  return putMask
    ? labelEach(count, lengths, ids, labels, bits, 0, table, size, firstFree, free, true, maskId, 0, 0, 0, 0)
    : labelEach(
        count, lengths, ids, labels, bits, runStarts, table, size, firstFree, free, false, 0,
        firstIndex, indices, rowOf, kindOf,
      );
}

/**
 * Puts the labels in the place of `count` ids, but for those that are `ignored`. Ids and labels have room for a multiple of
 * four.
 */
export function restore(count: i32, ids: usize, labels: usize, ignored: i32): void {
  const none = i32x4.splat(ignored);
  const end = ids + (<usize>count << 2);
  for (; ids < end; ids += 16, labels += 16) {
    const label = v128.load(labels);
    v128.store(ids, v128.bitselect(v128.load(ids), label, i32x4.eq(label, none)));
  }
}
