import { closeSync, fstatSync, rmSync, statSync, writeSync } from 'node:fs';
import { realpath, rename } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { InputError, mention, say } from '../errors.js';
import { createLock, EMPTY_ID, giveSign, HeldLock, RETRY_MS, readLock } from './lock-record.js';
import { makeFolders } from './make-folders.js';
import { isAlive } from './process-identity.js';
import { refuseUrl } from './replace.js';
import { writeError } from './write-error.js';

/** How often an owner gives a sign of life. */
const HEARTBEAT_MS = 10_000;
/** An owner that cannot be checked from here is considered gone after this long without a sign of life. */
const STALE_MS = 60_000;

/** Options of {@link lockOutput}. */
export interface LockOptions {
  /** Takes the output from an owner on another machine even if it gave a sign of life. Default: false. */
  takeOver?: boolean;
}

/**
 * Makes this process the only writer of an output until {@link OutputLock.release}. The lock is a file `<output>.lock`
 * that names the process and its machine. On this machine, the process id and start time tell whether the owner is
 * alive; on another, its sign of life does, which it gives every 10 s and which counts for 60 s.
 *
 * @param output a file or folder, whether or not it exists
 * @throws InputError when another process is writing it, or no lock can be written beside it
 *
 * @example
 * ```ts
 * import { lockOutput } from '@mlm/base';
 *
 * const lock = await lockOutput('out.arrow');
 * try {
 *   // write out.arrow
 * } finally {
 *   await lock.release();
 * }
 * ```
 */
export async function lockOutput(output: string, options: LockOptions = {}): Promise<OutputLock> {
  refuseUrl(output);
  const target = await canonical(output);
  await makeFolders(dirname(target));
  const path = `${target}.lock`;
  try {
    for (;;) {
      const taken = await take(path, path, options);
      if (taken === 'busy') await setTimeout(RETRY_MS);
      else if (taken instanceof HeldLock) throw heldError(output, taken);
      else return new OutputLock(output, path, taken.file, taken.wasFinished);
    }
  } catch (error) {
    throw writeError(error, path);
  }
}

/**
 * This process's right to write an output.
 *
 * @example
 * ```ts
 * import { lockOutput } from '@mlm/base';
 *
 * const lock = await lockOutput('out.arrow');
 * try {
 *   // write out.arrow
 * } finally {
 *   await lock.release();
 * }
 * ```
 */
export class OutputLock {
  private readonly heartbeat: NodeJS.Timeout;
  private isReleased = false;

  /** @internal {@link lockOutput} creates locks. */
  constructor(
    private readonly output: string,
    private readonly path: string,
    private readonly file: number,
    /** Whether the run that left its lock behind had called {@link noteFinished}. */
    readonly wasFinished: boolean,
  ) {
    // Rewriting the first byte makes the file system date the file, by the one clock that all machines share.
    this.heartbeat = setInterval(() => giveSign(file), HEARTBEAT_MS).unref();
    process.on('exit', this.release);
  }

  /** @throws InputError when another process has since taken over the output */
  check(): void {
    if (this.isOwn()) return;
    throw new InputError(
      `${this.output}: another process has taken it over, so this run ends without touching it`,
    );
  }

  /** Records that the output is complete, for whoever finds this lock left behind by a kill. */
  noteFinished(): void {
    writeSync(this.file, 'finished\n', fstatSync(this.file).size);
  }

  /** Lets others write. */
  readonly release = (): void => {
    if (this.isReleased) return;
    this.isReleased = true;
    process.off('exit', this.release);
    clearInterval(this.heartbeat);
    if (this.isOwn()) rmSync(this.path, { force: true });
    closeSync(this.file);
  };

  private isOwn(): boolean {
    const named = statSync(this.path, { throwIfNoEntry: false });
    const own = fstatSync(this.file);
    return named !== undefined && named.ino === own.ino && named.dev === own.dev;
  }
}

/** The path with links in its folders resolved; if the output itself is a link, the link is written, not its target. */
async function canonical(output: string): Promise<string> {
  const path = resolve(output);
  const folder = await realpath(dirname(path)).catch(() => dirname(path));
  return join(folder, basename(path));
}

/**
 * Takes the name `path`. Only the holder of the name `<lock>.<id>` may replace an abandoned lock of that id. It does so
 * by renaming, so that whatever a kill leaves can be replaced in turn.
 */
async function take(
  path: string,
  lock: string,
  options: LockOptions,
): Promise<{ file: number; wasFinished: boolean } | HeldLock | 'busy'> {
  const file = createLock(path);
  if (file !== undefined) return { file, wasFinished: false };
  const before = await readLock(path);
  if (!before) return 'busy';
  const id = before === EMPTY_ID ? EMPTY_ID : before.owner.id;
  const guard = `${lock}.${id}`;
  if (before !== EMPTY_ID && isAlive(before.owner)) return before;
  const taken = await take(guard, lock, options);
  if (taken === 'busy' || taken instanceof HeldLock) return 'busy';
  const now = await readLock(path);
  const isSame = now === EMPTY_ID || now === undefined ? now === before : now.owner.id === id;
  const held = now instanceof HeldLock && isSame && isBelieved(now, taken.file, options) ? now : undefined;
  if (isSame && !held) {
    await rename(guard, path);
    return { file: taken.file, wasFinished: now instanceof HeldLock && now.isFinished };
  }
  rmSync(guard);
  closeSync(taken.file);
  return held ?? 'busy';
}

/** Whether to respect an owner that cannot be checked from here; `own` is a file dated by the same clock. */
function isBelieved({ owner, modified }: HeldLock, own: number, { takeOver = false }: LockOptions): boolean {
  if (takeOver || isAlive(owner) === false) return false;
  giveSign(own);
  return fstatSync(own).mtimeMs - modified < STALE_MS;
}

function heldError(output: string, { owner, modified }: HeldLock): InputError {
  const { pid, host } = owner;
  if (isAlive(owner))
    return new InputError(
      `${output}: process ${pid} on ${host} is writing it; wait for it or stop it, or choose another output`,
    );
  const sign = new Date(modified).toISOString();
  return new InputError(
    say`${output}: process ${pid} on ${host} is writing it (last sign of life: ${sign}); if it is gone, wait a minute or use ${mention('takeOver')}`,
  );
}
