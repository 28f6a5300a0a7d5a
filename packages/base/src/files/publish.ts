import { lstat, mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder, syncName } from './durable.js';

/** A finished file or folder, and the name that it is to get. */
export interface Move {
  from: string;
  to: string;
}

/** Like {@link Move}; without `from`, the name is left unused. */
export interface CompanionMove {
  from: string | undefined;
  to: string;
}

/**
 * Gives finished files and folders their names, replacing what had them. The old ones are moved aside, the main one
 * before its companions; then the new ones take their places, the main one last. So whoever finds the main one finds
 * its own companions, never half of a pair. Killed at any moment and called again, it continues where it stopped. An
 * error restores the old ones, unless the main one already has its name.
 *
 * @param aside a folder for what is replaced; the caller removes it afterwards
 *
 * @example
 * ```ts
 * import { publish } from '@mlm/base';
 *
 * const main = { from: 'out.arrow.partial/out.arrow', to: 'out.arrow' };
 * const validation = { from: 'out.arrow.partial/out.eval.arrow', to: 'out.eval.arrow' };
 * await publish(main, [validation], 'out.arrow.partial/old');
 * ```
 */
export async function publish(
  main: Move,
  companions: readonly CompanionMove[],
  aside: string,
): Promise<void> {
  if (await isThere(main.from)) {
    const names = companions.flatMap(({ from, to }) => (from === undefined ? [to] : [from, to]));
    // A single file replaces another in a single step.
    const isOneStep = !(await anyThere(names)) && !(await isFolder(main.to));
    try {
      if (!isOneStep) await moveAside([main, ...companions], aside);
      for (const { from, to } of [...companions, main])
        if (from !== undefined && (await isThere(from))) await rename(from, to);
    } catch (error) {
      // If that fails as well, the next start continues from what is there.
      await takeBack([...companions, main], aside).catch(() => {});
      throw error;
    }
  }
  await syncName(main.to);
}

async function moveAside(moves: readonly CompanionMove[], aside: string): Promise<void> {
  await mkdir(aside, { recursive: true });
  for (const [i, { from, to }] of moves.entries()) {
    // Where the new one waits no longer, it is what has the name.
    const isOld = (await isThere(to)) && (from === undefined || (await isThere(from)));
    if (isOld) await rename(to, join(aside, String(i)));
  }
  await syncFolder(aside);
  await syncFolder(dirname(aside));
}

/** Undoes the renames, the main one last. */
async function takeBack(moves: readonly CompanionMove[], aside: string): Promise<void> {
  for (const { from, to } of moves)
    if (from !== undefined && !(await isThere(from)) && (await isThere(to))) await rename(to, from);
  for (const [i, { to }] of moves.entries()) {
    const old = join(aside, String((i + 1) % moves.length));
    if ((await isThere(old)) && !(await isThere(to))) await rename(old, to);
  }
}

async function anyThere(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if (await isThere(path)) return true;
  return false;
}

/** A link that leads nowhere has a name too. */
function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
