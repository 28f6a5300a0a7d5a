import {
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { writeError } from '@mlm/base';
import type { SkippedRecords } from '../worker/read-unit.js';

/** Records that were left out because they could not be read. */
export interface BadRecords {
  /** How many, those of an interrupted run included. */
  count: number;
  /** The first ten, as `file:line: this line …`. */
  first: string[];
  /** The file that lists all of them, one JSON object per line; undefined if nothing is written beside the output. */
  list: string | undefined;
}

/**
 * The file beside the output that lists the records left out; undefined for standard output.
 *
 * @example
 * ```ts
 * import { badRecordList } from '@mlm/tokenize';
 *
 * console.log(badRecordList('out.arrow'));
 * ```
 */
export function badRecordList(output: string): string | undefined {
  return output === '-' ? undefined : `${output.replace(/\/+$/, '')}.bad-records.jsonl`;
}

/**
 * Lists the records that a run leaves out in a file beside its output, in the order of the units. Until the run is
 * complete the file has another name, so that the list of an output that is being replaced stays with it.
 *
 * @example
 * ```ts
 * import { BadRecordLog, badRecordList } from '@mlm/tokenize';
 *
 * const log = new BadRecordLog(badRecordList('out.arrow'));
 * log.open(0);
 * log.add(0, [{ path: 'a.jsonl', numbers: 'line', records: [{ number: 3, problem: 'no JSON' }] }]);
 * log.complete();
 * ```
 */
export class BadRecordLog implements BadRecords {
  count = 0;
  readonly first: string[] = [];
  private descriptor: number | undefined;
  /** Records that arrived before the list was opened. */
  private early: ListedRecord[] | undefined = [];

  /** @param list - the file to write; undefined to only count */
  constructor(readonly list: string | undefined) {}

  /**
   * Begins the list, unless it has begun. Call it when the output belongs to this run.
   * @param firstUnit - the first unit of this run; what an interrupted run listed of earlier units is kept
   * @throws InputError if the list cannot be written
   */
  open(firstUnit: number): void {
    const { early } = this;
    if (!early) return;
    this.early = undefined;
    this.writing((partial, list) => {
      const replaces = existsSync(list);
      if (!existsSync(partial)) {
        if (!replaces) return;
        // Without an unfinished list, a run has listed records under the final name, as earlier versions did. So one that
        // replaces a list begins its own at once, even if it stays empty.
        if (firstUnit > 0) copyFileSync(list, partial);
        else writeFileSync(partial, '');
      }
      const { records, bytes } = listedBefore(partial, firstUnit);
      for (const record of records) this.note(record);
      if (bytes > 0 || replaces) truncateSync(partial, bytes);
      else rmSync(partial);
    });
    this.write(early);
  }

  /**
   * Lists what a unit left out.
   * @throws InputError if the list cannot be written
   */
  add(unit: number, skipped: readonly SkippedRecords[]): void {
    const records = skipped.flatMap(({ path, numbers, records: places }) =>
      places.map(({ number, problem }): ListedRecord => ({ unit, path, [numbers]: number, problem })),
    );
    if (this.early) this.early.push(...records);
    else this.write(records);
  }

  /** Ends the list of a complete output, replacing that of an earlier one. */
  complete(): void {
    this.close();
    this.writing((partial, list) => {
      if (this.count > 0) renameSync(partial, list);
      else for (const path of [partial, list]) rmSync(path, { force: true });
    });
  }

  /** Ends the list, to be continued by a resumed run. */
  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  /** Removes the list of a run that has failed and cannot be resumed; one that it has not opened is not its own. */
  discard(): void {
    this.close();
    if (this.early) return;
    this.writing((partial) => rmSync(partial, { force: true }));
  }

  private write(records: readonly ListedRecord[]): void {
    if (records.length === 0) return;
    for (const record of records) this.note(record);
    this.writing((partial) => {
      this.descriptor ??= openSync(partial, 'a');
      writeFileSync(this.descriptor, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
    });
  }

  /** Does something with the unfinished list, if there is to be one. */
  private writing(action: (partial: string, list: string) => void): void {
    if (this.list === undefined) return;
    try {
      action(`${this.list}.partial`, this.list);
    } catch (error) {
      throw writeError(error, this.list, { resumable: true });
    }
  }

  private note({ path, line, record, problem }: ListedRecord): void {
    this.count++;
    if (this.first.length === 10) return;
    const place = line === undefined ? `${path}: record ${record}` : `${path}:${line}`;
    this.first.push(`${place}: ${problem}`);
  }
}

/** The beginning of a list, up to a unit. Its last line, of a later unit, may have been cut off by a full disk. */
function listedBefore(list: string, unit: number): { records: ListedRecord[]; bytes: number } {
  const records: ListedRecord[] = [];
  let bytes = 0;
  for (const line of readFileSync(list, 'utf8').split('\n').slice(0, -1)) {
    const record = JSON.parse(line) as ListedRecord;
    if (record.unit >= unit) break;
    records.push(record);
    bytes += Buffer.byteLength(line) + 1;
  }
  return { records, bytes };
}

interface ListedRecord {
  unit: number;
  path: string;
  line?: number;
  record?: number;
  problem: string;
}
