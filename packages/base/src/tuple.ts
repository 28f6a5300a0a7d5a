/** As many values as a tuple has items. */
export type TupleOf<Items extends readonly unknown[], Value> = { [Item in keyof Items]: Value };

/**
 * `items.map(fn)` for a tuple, with a type that keeps the number of items.
 *
 * @example
 * ```ts
 * import { mapTuple } from '@mlm/base/tuple';
 *
 * const [low, high] = mapTuple([0.1, 0.9], (share) => Math.round(share * 100)); // numbers, never undefined
 * ```
 */
export function mapTuple<const Items extends readonly unknown[], Result>(
  items: Items,
  fn: (item: Items[number]) => Result,
): TupleOf<Items, Result> {
  return items.map(fn) as TupleOf<Items, Result>;
}
