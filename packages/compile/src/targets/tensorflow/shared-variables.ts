import type { TypedArray } from '../../graph/graph.js';

/** The access to a session's variables that sharing needs. */
export interface VariableHolder {
  readLocal(names: readonly string[]): Promise<Record<string, TypedArray>>;
  writeLocal(values: Readonly<Record<string, TypedArray>>): Promise<void>;
}

/**
 * Variables that several sessions share. TensorFlow sessions cannot see each other's variables, so each has a copy,
 * which it brings up to date before it runs. Consecutive training steps copy nothing.
 */
export class SharedVariables {
  #clock = 0;
  readonly #newest = new Map<string, { holder: VariableHolder; time: number }>();
  readonly #seen = new WeakMap<VariableHolder, Map<string, number>>();

  /** Records that `holder` has just changed these variables. */
  changed(holder: VariableHolder, names: Iterable<string>): void {
    this.#clock++;
    for (const name of names) {
      this.#newest.set(name, { holder, time: this.#clock });
      this.#seenBy(holder).set(name, this.#clock);
    }
  }

  /** Copies to `holder` those of `names` that other holders have changed since its last copy. */
  async bringTo(holder: VariableHolder, names: Iterable<string>): Promise<void> {
    const seen = this.#seenBy(holder);
    const stale = new Map<VariableHolder, string[]>();
    for (const name of names) {
      const newest = this.#newest.get(name);
      if (!newest || newest.holder === holder || seen.get(name) === newest.time) continue;
      stale.set(newest.holder, [...(stale.get(newest.holder) ?? []), name]);
      seen.set(name, newest.time);
    }
    for (const [source, changed] of stale) await holder.writeLocal(await source.readLocal(changed));
  }

  #seenBy(holder: VariableHolder): Map<string, number> {
    const seen = this.#seen.get(holder) ?? new Map<string, number>();
    this.#seen.set(holder, seen);
    return seen;
  }
}
