import { rename, stat } from 'node:fs/promises';

/** Renames `from` to `to` unless `to` is there already or `from` is not: one step back of an interrupted publishing. */
export async function moveUnlessThere(from: string, to: string): Promise<void> {
  if ((await exists(to)) || !(await exists(from))) return;
  await rename(from, to);
}

export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
