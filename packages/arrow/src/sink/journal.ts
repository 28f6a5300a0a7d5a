import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, makeFolders, mention, type Replaceable, say } from '@mlm/base';
import type { Split } from '../metadata.js';

/** How far one split's files had been written after a unit. */
export interface SplitProgress {
  /** Rows of this unit. */
  rows: number;
  /** Index of the shard being written. */
  shard: number;
  /** Bytes of that shard so far. */
  end: number;
  /** Rows of that shard so far. */
  shard_rows: number;
  /** CRC-32 of its bytes so far. */
  crc32: number;
}

/** One line of the journal: a unit whose rows are all on disk. */
export interface FinishedUnit {
  /** Number of the unit. */
  unit: number;
  /** By split, how far its files had been written. */
  splits: Partial<Record<Split, SplitProgress>>;
  /** This unit's share of the dataset's counts. */
  counts: Record<string, number>;
}

const PUBLISHING = '{"publishing":true}';

/** What a run was asked to do and on which inputs; a resumed run must have been asked the same. */
export type Job = Record<string, unknown>;

/** The working folder `<target>.partial/`: what was asked for, and a journal of the units finished so far. */
export class Journal {
  private constructor(
    private readonly file: FileHandle,
    /** Units finished by the runs before this one. */
    readonly finished: FinishedUnit[],
    /** Whether a run before this one had begun to move finished files in place. */
    readonly wasPublishing: boolean,
  ) {}

  static async create(folder: string, job: Job): Promise<Journal> {
    await makeFolders(folder);
    const text = JSON.stringify(job);
    const file = await open(join(folder, 'journal.jsonl'), 'w');
    await file.write(`${text}\n`);
    return new Journal(file, [], false);
  }

  /** @throws InputError naming the first thing that differs from the run that began */
  static async resume(folder: string, job: Job): Promise<Journal> {
    const path = join(folder, 'journal.jsonl');
    const { lines, length } = completeLines(await readFile(path));
    if (lines.length === 0) return Journal.create(folder, job);
    compareJobs(JSON.parse(lines[0]!) as Job, JSON.parse(JSON.stringify(job)) as Job, folder);
    const finished = unitsIn(lines);
    const file = await open(path, 'r+');
    await file.truncate(length);
    await file.close();
    return new Journal(await open(path, 'a'), finished, lines.at(-1) === PUBLISHING);
  }

  async append(unit: FinishedUnit): Promise<void> {
    await this.file.write(`${JSON.stringify(unit)}\n`);
  }

  /** To be called when all rows are on disk and only moving files is left. */
  async appendPublishing(): Promise<void> {
    await this.file.write(`${PUBLISHING}\n`);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/**
 * The units that an interrupted run had finished in `<target>.partial/`; empty when there is no such run.
 * A resumed run may leave out their work.
 */
export async function finishedUnits(target: string): Promise<FinishedUnit[]> {
  const bytes = await readFile(join(partialFolder(target), 'journal.jsonl')).catch(() => Buffer.alloc(0));
  return unitsIn(completeLines(bytes).lines);
}

/** Where a target is put together until it is whole. */
export function partialFolder(target: string): string {
  return `${target.replace(/\/+$/, '')}.partial`;
}

/** What such a folder holds, whether files or folders are made in it. */
export const partialContents: Replaceable = {
  kind: 'folder',
  name: 'a folder of an interrupted run',
  marks: ['journal.jsonl'],
  isPart: (path) =>
    /^journal\.jsonl$|^((dataset\/)?(train|validation)\/)?([^/]+\.(arrow|json))?$|^dataset\/$/.test(path),
};

/** Removes the working folder of a target, with everything in it. */
export function removePartial(target: string): Promise<void> {
  return rm(partialFolder(target), { recursive: true, force: true });
}

/** A process that was killed may leave half a line at the end. */
function completeLines(bytes: Buffer): { lines: string[]; length: number } {
  const length = bytes.lastIndexOf(10) + 1;
  const lines = bytes.subarray(0, length).toString().split('\n').slice(0, -1);
  return { lines, length };
}

/** The first line is the job; the last may say that publishing has begun. */
function unitsIn(lines: string[]): FinishedUnit[] {
  return lines
    .slice(1)
    .filter((line) => line !== PUBLISHING)
    .map((line) => JSON.parse(line) as FinishedUnit);
}

function compareJobs(before: Job, now: Job, folder: string): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (JSON.stringify(before[name]) === JSON.stringify(now[name])) continue;
    throw new InputError(
      say`${folder}: cannot resume: ${name} changed since that run began; use the same inputs and options, or ${mention('overwrite')}`,
    );
  }
}
