/** cache/keep.ts in a browser: nothing is kept between visits. */
export async function keep<T>(_source: unknown, _made: unknown, make: () => T | Promise<T>): Promise<T> {
  return make();
}
