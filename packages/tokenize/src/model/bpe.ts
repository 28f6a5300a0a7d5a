import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import type { BpeJson } from '../tokenizer/tokenizer-json.js';

/** A pair of tokens that becomes one, as three ids. Merges are applied in their order. */
export type Merge = readonly [left: number, right: number, merged: number];

/**
 * The merges of a BPE model.
 * @throws InputError when a merge names, or makes, a token that the vocabulary lacks
 */
export function mergesOf({ merges, vocab }: BpeJson, name: string): Merge[] {
  return merges.map((merge, i) => {
    const [left, right] = typeof merge === 'string' ? (merge.split(' ') as [string, string]) : merge;
    const ids = [left, right, left + right].map((token) => {
      if (!Object.hasOwn(vocab, token))
        throw new InputError(
          `${name}: merge ${i} is ${shown(merge)}, but the vocabulary has no token ${shown(token)}`,
        );
      return vocab[token]!;
    });
    return ids as unknown as Merge;
  });
}

/**
 * Creates a function that encodes a word: it begins with one id per character, then merges the leftmost pair of the
 * lowest rank until none is left (Sennrich et al. 2016, as in Rust tokenizers).
 */
export function bpeEncoder(model: BpeJson, merges: readonly Merge[]): (word: string) => number[] {
  const { vocab, unk_token, fuse_unk = false, ignore_merges = false } = model;
  const unknown =
    typeof unk_token === 'string' && Object.hasOwn(vocab, unk_token) ? vocab[unk_token] : undefined;
  const pairs = new Map<number, { rank: number; merged: number }>();
  for (const [rank, [left, right, merged]] of merges.entries())
    pairs.set(pairKey(left, right), { rank, merged });
  return (word) => {
    if (ignore_merges && Object.hasOwn(vocab, word)) return [vocab[word]!];
    const ids: number[] = [];
    let follows = false;
    for (const character of word) {
      const known = Object.hasOwn(vocab, character);
      const id = known ? vocab[character] : unknown;
      if (id !== undefined && !(follows && !known && fuse_unk)) ids.push(id);
      follows = !known;
    }
    return mergeAll(ids, pairs);
  };
}

/** Ids are below 2²², so two of them fit into a number. */
function pairKey(left: number, right: number): number {
  return left * 0x400000 + right;
}

function mergeAll(ids: number[], pairs: ReadonlyMap<number, { rank: number; merged: number }>): number[] {
  const next = ids.map((_, i) => i + 1);
  const before = ids.map((_, i) => i - 1);
  const alive = new Uint8Array(ids.length).fill(1);
  const queue = new RankQueue();
  const offer = (at: number) => {
    const to = next[at]!;
    if (at < 0 || to >= ids.length) return;
    const pair = pairs.get(pairKey(ids[at]!, ids[to]!));
    if (pair) queue.push(pair.rank, at);
  };
  for (let i = 0; i < ids.length; i++) offer(i);
  for (let item = queue.pop(); item !== undefined; item = queue.pop()) {
    const { rank, at } = item;
    const to = next[at]!;
    if (!alive[at] || to >= ids.length) continue;
    const pair = pairs.get(pairKey(ids[at]!, ids[to]!));
    // The pair that was offered may be gone, and another one in its place.
    if (pair?.rank !== rank) continue;
    ids[at] = pair.merged;
    alive[to] = 0;
    next[at] = next[to]!;
    if (next[at]! < ids.length) before[next[at]!] = at;
    offer(at);
    if (before[at]! >= 0) offer(before[at]!);
  }
  return ids.filter((_, i) => alive[i]);
}

/** A binary heap of positions: the lowest rank first and, among equals, the leftmost. */
class RankQueue {
  private readonly items: { rank: number; at: number }[] = [];

  push(rank: number, at: number): void {
    const { items } = this;
    let i = items.push({ rank, at }) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!precedes(items[i]!, items[parent]!)) return;
      [items[i], items[parent]] = [items[parent]!, items[i]!];
      i = parent;
    }
  }

  pop(): { rank: number; at: number } | undefined {
    const { items } = this;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    items[0] = last;
    for (let i = 0; ; ) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < items.length && precedes(items[child]!, items[least]!)) least = child;
      }
      if (least === i) return first;
      [items[i], items[least]] = [items[least]!, items[i]!];
      i = least;
    }
  }
}

function precedes(a: { rank: number; at: number }, b: { rank: number; at: number }): boolean {
  return a.rank < b.rank || (a.rank === b.rank && a.at < b.at);
}
