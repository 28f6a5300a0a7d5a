/** An object type whose properties that may be undefined are absent instead. */
export type Defined<T> = {
  [Name in keyof T as undefined extends T[Name] ? never : Name]: T[Name];
} & {
  [Name in keyof T as undefined extends T[Name] ? Name : never]?: Exclude<T[Name], undefined>;
};

/**
 * Copies an object without its undefined properties, for code that distinguishes absent properties from undefined ones.
 *
 * @example
 * ```ts
 * import { defined } from '@mlm/base';
 *
 * const limit: number | undefined = undefined;
 * console.log(Object.keys(defined({ seed: 42, limit }))); // ['seed']
 * ```
 */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
