/** Stands in for engine/free-memory.ts in a browser, which does not report its free memory. */
export async function freeMemory(): Promise<undefined> {
  return undefined;
}
