import { rename, stat } from 'node:fs/promises';

/**
 * Renames `from` to `to` unless `to` exists or `from` does not: undoes one step of an interrupted publishing.
 *
 * @example
 * ```ts
 * import { moveUnlessThere } from '@mlm/base';
 *
 * await moveUnlessThere('out.arrow.partial/out.arrow', 'out.arrow');
 * ```
 */
export async function moveUnlessThere(from: string, to: string): Promise<void> {
  if ((await exists(to)) || !(await exists(from))) return;
  await rename(from, to);
}

/**
 * Whether a path names an existing file or folder, following links.
 *
 * @example
 * ```ts
 * import { exists } from '@mlm/base';
 *
 * console.log(await exists('out.arrow'));
 * ```
 */
export function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
