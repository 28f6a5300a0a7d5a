import { type FileHandle, open, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, makeFolders, mention, type Replaceable, say, syncFolder, syncName } from '@mlm/base';
import { defined } from '@mlm/base/defined';
import { isCount, isRecord, type Split } from '../metadata.js';

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

/** What a run tells whoever resumes it: plain JSON that nothing here reads. */
export type RunSettings = Readonly<Record<string, unknown>>;

/** The contents of a run's journal. */
export interface JournalContents {
  job: Job;
  /** `undefined` in journals of earlier versions, and of runs that left none. */
  settings: RunSettings | undefined;
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

  static async create(
    folder: string,
    job: Job,
    { overwrites, settings }: Pick<JournalContents, 'overwrites' | 'settings'>,
  ): Promise<Journal> {
    await makeFolders(folder);
    const file = await open(join(folder, JOURNAL), 'w');
    const beginning = { ...job, ...defined({ overwrites: overwrites || undefined, settings }) };
    await file.appendFile(`${JSON.stringify(beginning)}\n`);
    // The disk is waited for before the first unit is recorded; until then, the run goes on.
    const begun = Promise.all([file.datasync(), syncFolder(folder), syncName(folder)]);
    begun.catch(() => {});
    return new Journal(file, begun);
  }

  /**
   * Continues a journal after the given number of entries, and removes the others.
   * @param settings of the run that goes on, which replace others in the journal
   */
  static async resume(folder: string, entries: number, settings: RunSettings | undefined): Promise<Journal> {
    const path = join(folder, JOURNAL);
    const { lines, ends } = wholeLines(await readFile(path));
    const last = parseLines(lines).places[entries - 1] ?? 0;
    const file = await open(path, 'r+');
    await file.truncate(ends[last]!);
    await file.close();
    const journal = new Journal(await open(path, 'a'));
    const { settings: former } = parseLines(lines.slice(0, last + 1));
    if (settings && !isSame(settings, former)) await journal.write([JSON.stringify({ settings })]);
    return journal;
  }

  /** Call it once the rows of these units are on disk. */
  async append(entries: readonly JournalEntry[]): Promise<void> {
    if (entries.length > 0) await this.write(entries.map((entry) => JSON.stringify(entry)));
  }

  /**
   * Call it once all files are complete and on disk.
   * @param entries - the units that {@link append} has not recorded
   */
  async appendPublishing(entries: readonly JournalEntry[]): Promise<void> {
    await this.write([...entries.map((entry) => JSON.stringify(entry)), PUBLISHING]);
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
  const { overwrites = false, settings: _, ...rest } = job;
  const { settings, entries, isPublishing } = parseLines(lines);
  return { job: rest, settings, overwrites: overwrites === true, entries, isPublishing };
}

/** What a journal's lines say, up to one that is unreadable. */
function parseLines(lines: readonly string[]): {
  /** The last ones. */
  settings: RunSettings | undefined;
  entries: JournalEntry[];
  /** The line of each entry. */
  places: number[];
  /** Whether they end with {@link PUBLISHING}; it counts only after lines that are all readable. */
  isPublishing: boolean;
} {
  let settings: RunSettings | undefined;
  const entries: JournalEntry[] = [];
  const places: number[] = [];
  let isPublishing = false;
  for (const [place, line] of lines.entries()) {
    isPublishing = line === PUBLISHING && place === lines.length - 1;
    const value = parseLine(line);
    if (isRecord(value?.settings)) settings = value.settings;
    else if (value && isEntry(value) && value.unit > (entries.at(-1)?.unit ?? -1))
      places[entries.push(value) - 1] = place;
    else if (place > 0) break;
  }
  return { settings, entries, places, isPublishing };
}

/**
 * The units that an interrupted run finished in `<target>.partial/`; empty if there is no such run. A resumed run can
 * skip them.
 */
export async function finishedUnits(target: string): Promise<JournalEntry[]> {
  return (await readJournal(partialFolder(target)))?.entries ?? [];
}

/**
 * The settings of the interrupted run in `<target>.partial/`, for a run that resumes it; empty if it left none, and
 * `undefined` if there is no such run.
 * @throws InputError if the journal is something else
 */
export async function settingsOfInterrupted(target: string): Promise<RunSettings | undefined> {
  const left = await readJournal(partialFolder(target));
  return left && (left.settings ?? {});
}

/** A run's job, and its settings, which say in words what the job may hold as a hash. */
type DescribedJob = Pick<JournalContents, 'job' | 'settings'>;

/** @throws InputError naming the first difference to the interrupted run that matters, if possible with both values */
export function compareJobs(
  before: DescribedJob,
  run: DescribedJob,
  folder: string,
  mayDiffer: readonly string[] = [],
): void {
  const now = JSON.parse(JSON.stringify(run)) as DescribedJob;
  const differences = Object.keys({ ...before.job, ...now.job })
    .filter((name) => !mayDiffer.includes(name) && !isSame(before.job[name], now.job[name]))
    .map((name) => ({
      name,
      values:
        difference(before.job[name], now.job[name]) ||
        difference(before.settings?.[name], now.settings?.[name]),
    }));
  if (differences.length === 0) return;
  const { name, values } = differences.find(({ values }) => values !== '') ?? differences[0]!;
  throw new InputError(
    say`${folder}: cannot resume: ${name} changed since that run began${values}; use the same inputs and options, or ${mention('overwrite')}`,
  );
}

const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** `, from 42 to 7`; of two objects, `, seed from 42 to 7`. Empty where hashes would tell nothing. */
function difference(before: unknown, now: unknown): string {
  if (isSame(before, now) || isHash(before) || isHash(now)) return '';
  if (isList(now)) {
    // Of lists, such as the inputs, the first difference; of one that was not kept, nothing.
    if (!isList(before)) return '';
    const place = [...now, ''].findIndex((value, i) => value !== before[i]);
    return `, from ${before[place] ?? 'none'} to ${now[place] ?? 'none'}`;
  }
  if (isRecord(before) && isRecord(now)) {
    const names = Object.keys({ ...before, ...now });
    const name = names.find((name) => !isSame(before[name], now[name]))!;
    return `, ${name.replaceAll('_', ' ')} from ${shown(before[name])} to ${shown(now[name])}`;
  }
  return `, from ${shown(before)} to ${shown(now)}`;
}

const isList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const isHash = (value: unknown) => typeof value === 'string' && /^[\da-f]{64}$/.test(value);

function shown(value: unknown): string {
  if (value === undefined) return 'the default';
  if (value === null) return 'none';
  return isRecord(value) ? JSON.stringify(value) : [value].flat().map(String).join(' ');
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

/** More units than any text has: 64 TiB. Tables have a place for each unit, so a damaged number must not ask for more. */
const MOST_UNITS = 1 << 24;

function isEntry(value: Record<string, unknown>): value is Record<string, unknown> & JournalEntry {
  const { unit, splits, counts, used } = value;
  return (
    isIndex(unit) &&
    isRecord(splits) &&
    Object.entries(splits).every(
      ([split, progress]) => ['train', 'validation'].includes(split) && isProgress(progress),
    ) &&
    isRecord(counts) &&
    Object.values(counts).every(isCount) &&
    (used === undefined || isUsed(used))
  );
}

function isProgress(value: unknown): boolean {
  return (
    isRecord(value) &&
    isIndex(value.shard) &&
    ['rows', 'end', 'shard_rows', 'crc32'].every((name) => isCount(value[name]))
  );
}

/** Whether it may be the number of a unit, or of a shard, which holds at least one. */
function isIndex(value: unknown): boolean {
  return isCount(value) && value < MOST_UNITS;
}

function isUsed(value: unknown): boolean {
  return isRecord(value) && isCount(value.files) && isCount(value.end) && typeof value.digest === 'string';
}
