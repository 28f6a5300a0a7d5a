import type { PairTable } from './pair-table.js';

/**
 * Pairs, the most frequent first; among equals, the one with lower symbols. A binary heap that holds each count as of
 * its push: a pair that has become rarer is pushed again when it is popped.
 */
export class PairQueue {
  readonly #table: PairTable;
  #pairs: number[] = [];
  #counts: number[] = [];

  constructor(table: PairTable) {
    this.#table = table;
  }

  push(pair: number): void {
    const count = this.#table.counts[pair]!;
    let at = this.#pairs.length;
    this.#pairs.push(pair);
    this.#counts.push(count);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#before(pair, count, this.#pairs[parent]!, this.#counts[parent]!)) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#pairs[at] = pair;
    this.#counts[at] = count;
  }

  /** Removes and returns the most frequent pair; `undefined` if no pair occurs any more. */
  pop(): number | undefined {
    while (this.#pairs.length > 0) {
      const pair = this.#pairs[0]!;
      const count = this.#counts[0]!;
      this.#removeFirst();
      const current = this.#table.counts[pair]!;
      if (current === count && count > 0) return pair;
      if (current > 0 && current < count) this.push(pair);
    }
    return undefined;
  }

  #removeFirst(): void {
    const pair = this.#pairs.pop()!;
    const count = this.#counts.pop()!;
    const length = this.#pairs.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (child + 1 < length && this.#isBefore(child + 1, child)) child++;
      if (!this.#before(this.#pairs[child]!, this.#counts[child]!, pair, count)) break;
      this.#move(child, at);
      at = child;
    }
    this.#pairs[at] = pair;
    this.#counts[at] = count;
  }

  #move(from: number, to: number): void {
    this.#pairs[to] = this.#pairs[from]!;
    this.#counts[to] = this.#counts[from]!;
  }

  #isBefore(a: number, b: number): boolean {
    return this.#before(this.#pairs[a]!, this.#counts[a]!, this.#pairs[b]!, this.#counts[b]!);
  }

  #before(pair: number, count: number, other: number, otherCount: number): boolean {
    if (count !== otherCount) return count > otherCount;
    const { left, right } = this.#table;
    if (left[pair] !== left[other]) return left[pair]! < left[other]!;
    return right[pair]! < right[other]!;
  }
}
