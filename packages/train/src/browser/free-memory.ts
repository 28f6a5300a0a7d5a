/** engine/free-memory.ts in a browser, which does not say. */
export async function freeMemory(): Promise<undefined> {
  return undefined;
}
