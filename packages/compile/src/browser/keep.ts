/** Replaces cache/keep.ts in browsers: nothing is cached between visits. */
export async function keep<T>(_source: unknown, _made: unknown, make: () => T | Promise<T>): Promise<T> {
  return make();
}
