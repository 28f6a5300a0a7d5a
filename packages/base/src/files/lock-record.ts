import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { InputError } from '../errors.js';
import { ownIdentity, type ProcessIdentity } from './process-identity.js';

/** A lock is filled right after it is created; one that stays empty this long was left by a kill in between. */
const EMPTY_MS = 500;
/** How long to wait before a lock is looked at again. */
export const RETRY_MS = 50;
const RECORD_START = '{"pid":';

/** The first line of a lock file; a second one, `finished`, may follow. */
export interface LockRecord extends ProcessIdentity {
  /** Distinguishes locks of one process. */
  id: string;
}

/** A lock that a process holds. */
export class HeldLock {
  constructor(
    readonly owner: LockRecord,
    readonly isFinished: boolean,
    /** Its last sign of life. */
    readonly modified: number,
  ) {}
}

/** The id of a lock file that is being filled, or was never filled. */
export const EMPTY_ID = 'empty';

/** Creates a lock file that names this process; `undefined` if one exists. */
export function createLock(path: string): number | undefined {
  // Written first: a kill between creating the file and its record would leave an empty lock, which others wait for.
  const record: LockRecord = { ...ownIdentity(), id: randomBytes(6).toString('hex') };
  let file: number;
  try {
    file = openSync(path, 'wx+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw error;
  }
  try {
    writeSync(file, `${JSON.stringify(record)}\n`);
    return file;
  } catch (error) {
    closeSync(file);
    rmSync(path, { force: true });
    throw error;
  }
}

/** Dates a lock file by the file system's clock, which all machines share. */
export function giveSign(file: number): void {
  try {
    writeSync(file, '{', 0);
  } catch {
    // A missing sign of life counts as none.
  }
}

/** The lock's holder; `undefined` if the lock is gone. Waits for a lock whose record is not written yet. */
export async function readLock(path: string): Promise<HeldLock | typeof EMPTY_ID | undefined> {
  for (const start = performance.now(); ; await setTimeout(RETRY_MS)) {
    try {
      const { mtimeMs } = statSync(path);
      const [line = '', note] = readFileSync(path, 'utf8').split('\n');
      const isWhole = note !== undefined;
      if (isWhole) return new HeldLock(parseRecord(line, path), note === 'finished', mtimeMs);
      if (!line.startsWith(RECORD_START) && !RECORD_START.startsWith(line)) throw foreignError(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    if (performance.now() - start > EMPTY_MS) return EMPTY_ID;
  }
}

function parseRecord(line: string, path: string): LockRecord {
  try {
    const record = JSON.parse(line) as LockRecord | null;
    if (typeof record?.pid === 'number' && typeof record.id === 'string') return record;
  } catch {
    // As below.
  }
  throw foreignError(path);
}

function foreignError(path: string): InputError {
  return new InputError(`${path}: exists, but is not a lock of mlm; move it away or choose another output`);
}
