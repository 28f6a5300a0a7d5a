import { type FileHandle, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, makeFolders, mention, type Replaceable, say, syncFolder, syncName } from '@mlm/base';
import { isRecord, type Split } from '../metadata.js';

/** How far the files of a split were written at the end of a unit. */
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

/** A line of the journal: a unit whose rows are all on disk. */
export interface JournalEntry {
  /** Number of the unit. */
  unit: number;
  /** By split, how far its files were written. */
  splits: Partial<Record<Split, SplitProgress>>;
  /** This unit's contribution to the dataset's counts. */
  counts: Record<string, number>;
  /** The inputs that the units so far have used, if {@link UsedInputs} tells. */
  used?: InputsUsed;
}

/** The leading input files that the units so far have used. */
export interface InputsUsed {
  /** Their number. */
  files: number;
  /** How far the last of them has been used, in bytes. */
  end: number;
  /** Hash of their names, sizes and times. */
  digest: string;
}

/** Tells which inputs the units have used. A resumed run may have other inputs after those. */
export interface UsedInputs {
  /** The inputs used up to the end of a unit. */
  after(unit: number): InputsUsed | undefined;
  /** Whether those inputs are unchanged. */
  allows(used: InputsUsed): boolean;
}

/** The last line: all files are complete and on disk and only need to be renamed. */
const PUBLISHING = '{"publishing":true,"whole":true}';
const JOURNAL = 'journal.jsonl';

/** The inputs and options of a run, which a resumed run must share. */
export type Job = Record<string, unknown>;

/** The contents of a run's journal. */
export interface JournalContents {
  job: Job;
  /** Whether the run may replace the target. */
  overwrites: boolean;
  entries: JournalEntry[];
  isPublishing: boolean;
}

/** The journal in the working folder `<target>.partial/`: the run's job and the units finished so far. */
export class Journal {
  /** @param begun - settles once the beginning is on disk */
  private constructor(
    private readonly file: FileHandle,
    private readonly begun: Promise<unknown> = Promise.resolve(),
  ) {}

  static async create(folder: string, job: Job, overwrites: boolean): Promise<Journal> {
    await makeFolders(folder);
    const file = await open(join(folder, JOURNAL), 'w');
    await file.appendFile(`${JSON.stringify(overwrites ? { ...job, overwrites } : job)}\n`);
    // The disk is waited for before the first unit is recorded; until then, the run goes on.
    const begun = Promise.all([file.datasync(), syncFolder(folder), syncName(folder)]);
    begun.catch(() => {});
    return new Journal(file, begun);
  }

  /** Continues a journal after the given number of entries, and removes the others. */
  static async resume(folder: string, entries: number): Promise<Journal> {
    const path = join(folder, JOURNAL);
    const { ends } = wholeLines(await readFile(path));
    const file = await open(path, 'r+');
    await file.truncate(ends[entries]!);
    await file.close();
    return new Journal(await open(path, 'a'));
  }

  /** Call it once the rows of these units are on disk. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length > 0) await this.write(entries.map((entry) => JSON.stringify(entry)));
  }

  /** Call it once all files are complete and on disk. */
  async appendPublishing(): Promise<void> {
    await this.write([PUBLISHING]);
  }

  async close(): Promise<void> {
    await this.begun.catch(() => {});
    await this.file.close();
  }

  private async write(lines: readonly string[]): Promise<void> {
    await this.begun;
    await this.file.appendFile(lines.map((line) => `${line}\n`).join(''));
    await this.file.datasync();
  }
}

/**
 * Reads the journal in a working folder; `undefined` if there is none. Ignores what a kill or a power loss left after
 * the last readable entry.
 * @throws InputError if the file is something else
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
    throw new InputError(
      say`${path}: is not the journal of a run; use ${mention('overwrite')} to start over`,
    );
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
 * The units that an interrupted run finished in `<target>.partial/`; empty if there is no such run. A resumed run can
 * skip them.
 */
export async function finishedUnits(target: string): Promise<JournalEntry[]> {
  return (await readJournal(partialFolder(target)))?.entries ?? [];
}

/** @throws InputError naming the first difference to the interrupted run that matters */
export function compareJobs(before: Job, job: Job, folder: string, mayDiffer: readonly string[] = []): void {
  const now = JSON.parse(JSON.stringify(job)) as Job;
  for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (mayDiffer.includes(name) || JSON.stringify(before[name]) === JSON.stringify(now[name])) continue;
    throw new InputError(
      say`${folder}: cannot resume: ${name} changed since that run began; use the same inputs and options, or ${mention('overwrite')}`,
    );
  }
}

/** The folder in which a target is assembled. */
export function partialFolder(target: string): string {
  return `${target.replace(/\/+$/, '')}.partial`;
}

/** The contents of a working folder, for single files and for folders; `old/` contains what is being replaced. */
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
 * Removes the working folder of a target with its contents. The journal is removed last, so that the folder is
 * recognizable for as long as it has contents.
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

/** The complete lines and their ends; a killed process may leave a partial last line. */
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
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEntry(value: Record<string, unknown>): value is Record<string, unknown> & JournalEntry {
  const { unit, splits, counts } = value;
  return typeof unit === 'number' && isRecord(splits) && isRecord(counts);
}
