/** Adds `counts` to `sums`, name by name. */
export function addCounts(sums: Record<string, number>, counts: Record<string, number>): void {
  for (const [name, value] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + value;
}
