import { type FileHandle, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, makeFolders, mention, type Replaceable, say, syncFolder, syncName } from '@mlm/base';
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
  /** CRC-32 of its bytes so far; 0 in single files of an earlier version. */
  crc32: number;
}

/** One line of the journal: a unit whose rows are all on disk. */
export interface JournalEntry {
  /** Number of the unit. */
  unit: number;
  /** By split, how far its files had been written. */
  splits: Partial<Record<Split, SplitProgress>>;
  /** This unit's share of the dataset's counts. */
  counts: Record<string, number>;
  /** The inputs that it and the units before it have used, where {@link UsedInputs} tells. */
  used?: InputsUsed;
}

/** The leading files of the inputs that units up to one have used. */
export interface InputsUsed {
  /** How many. */
  files: number;
  /** Bytes of the last of them that have been used. */
  end: number;
  /** Of their names, sizes and times. */
  digest: string;
}

/** Tells what units have used of the inputs: a resumed run may have other inputs behind that. */
export interface UsedInputs {
  /** What has been used up to the end of a unit. */
  after(unit: number): InputsUsed | undefined;
  /** Whether that is there as it was. */
  allows(used: InputsUsed): boolean;
}

/** The last line: all files are whole and on disk, and only their names are to change. */
const PUBLISHING = '{"publishing":true,"whole":true}';
const JOURNAL = 'journal.jsonl';

/** What a run was asked to do and on which inputs; a resumed run must have been asked the same. */
export type Job = Record<string, unknown>;

/** What is known of a run from its journal. */
export interface JournalContents {
  job: Job;
  /** Whether the run was to replace what has the target's name. */
  overwrites: boolean;
  entries: JournalEntry[];
  isPublishing: boolean;
}

/** The working folder `<target>.partial/`: what was asked for, and a journal of the units finished so far. */
export class Journal {
  private constructor(private readonly file: FileHandle) {}

  static async create(folder: string, job: Job, overwrites: boolean): Promise<Journal> {
    await makeFolders(folder);
    const journal = new Journal(await open(join(folder, JOURNAL), 'w'));
    await journal.write([JSON.stringify(overwrites ? { ...job, overwrites } : job)]);
    await syncFolder(folder);
    await syncName(folder);
    return journal;
  }

  /** Goes on with a journal after these of its entries; those after them are taken out. */
  static async resume(folder: string, entries: number): Promise<Journal> {
    const path = join(folder, JOURNAL);
    const { ends } = wholeLines(await readFile(path));
    const file = await open(path, 'r+');
    await file.truncate(ends[entries]!);
    await file.close();
    return new Journal(await open(path, 'a'));
  }

  /** To be called when the rows of these units are on disk. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length > 0) await this.write(entries.map((entry) => JSON.stringify(entry)));
  }

  /** To be called when all files are whole and on disk. */
  async appendPublishing(): Promise<void> {
    await this.write([PUBLISHING]);
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private async write(lines: readonly string[]): Promise<void> {
    await this.file.appendFile(lines.map((line) => `${line}\n`).join(''));
    await this.file.datasync();
  }
}

/**
 * Reads the journal in a working folder; `undefined` where none has been begun. What a kill or a power loss left behind the
 * last entry that can be read is left out.
 * @throws InputError when something else lies there
 */
export async function readJournal(folder: string): Promise<JournalContents | undefined> {
  const path = join(folder, JOURNAL);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  const { lines } = wholeLines(bytes ?? Buffer.alloc(0));
  if (lines.length === 0) return undefined;
  const job = parseLine(lines[0]!);
  if (!job)
    throw new InputError(say`${path}: is no journal of a run; use ${mention('overwrite')} to begin anew`);
  const { overwrites = false, ...rest } = job;
  const entries: JournalEntry[] = [];
  for (const line of lines.slice(1)) {
    const entry = parseLine(line);
    if (!entry || !isEntry(entry)) break;
    entries.push(entry);
  }
  return { job: rest, overwrites: overwrites === true, entries, isPublishing: lines.at(-1) === PUBLISHING };
}

/**
 * The units that an interrupted run had finished in `<target>.partial/`; empty when there is no such run.
 * A resumed run may leave out their work.
 */
export async function finishedUnits(target: string): Promise<JournalEntry[]> {
  return (await readJournal(partialFolder(target)))?.entries ?? [];
}

/** @throws InputError naming the first thing that differs from the run that began and may not */
export function compareJobs(before: Job, job: Job, folder: string, mayDiffer: readonly string[] = []): void {
  const now = JSON.parse(JSON.stringify(job)) as Job;
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (mayDiffer.includes(name) || JSON.stringify(before[name]) === JSON.stringify(now[name])) continue;
    throw new InputError(
      say`${folder}: cannot resume: ${name} changed since that run began; use the same inputs and options, or ${mention('overwrite')}`,
    );
  }
}

/** Where a target is put together until it is whole. */
export function partialFolder(target: string): string {
  return `${target.replace(/\/+$/, '')}.partial`;
}

/** What such a folder holds, whether files or folders are made in it; `old/` is what is being replaced. */
export const partialContents: Replaceable = {
  kind: 'folder',
  name: 'a folder of an interrupted run',
  marks: [JOURNAL],
  isPart: (path) =>
    /^journal\.jsonl$|^((dataset\/)?(train|validation)\/)?([^/]+\.(arrow|json))?$|^dataset\/([^/]+\.(arrow|json))?$|^old\//.test(
      path,
    ),
};

/**
 * Removes the working folder of a target, with everything in it. The journal goes last, so that the folder is known as one
 * of ours for as long as it holds anything.
 */
export async function removePartial(target: string): Promise<void> {
  const folder = partialFolder(target);
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!names) return;
  for (const name of names)
    if (name !== JOURNAL) await rm(join(folder, name), { recursive: true, force: true });
  await rm(join(folder, JOURNAL), { force: true });
  await rmdir(folder);
}

/** The lines that end in a line feed, and where each ends: a process that was killed may leave a partial last line. */
function wholeLines(bytes: Buffer): { lines: string[]; ends: number[] } {
  const lines: string[] = [];
  const ends: number[] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    lines.push(bytes.toString('utf8', start, end));
    start = end + 1;
    ends.push(start);
  }
  return { lines, ends };
}

function parseLine(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: Record<string, unknown>): value is Record<string, unknown> & JournalEntry {
  const { unit, splits, counts } = value;
  return typeof unit === 'number' && isRecord(splits) && isRecord(counts);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
