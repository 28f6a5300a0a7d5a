import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
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
 * Lists the records that a run leaves out in a file beside its output, in the order of the units.
 *
 * @example
 * ```ts
 * import { BadRecordLog, badRecordList } from '@mlm/tokenize';
 *
 * const log = new BadRecordLog(badRecordList('out.arrow'), 0);
 * log.add(0, [{ path: 'a.jsonl', numbers: 'line', records: [{ number: 3, problem: 'no JSON' }] }]);
 * ```
 */
export class BadRecordLog implements BadRecords {
  count = 0;
  readonly first: string[] = [];
  private descriptor: number | undefined;

  /**
   * @param list - the file to write; undefined to only count
   * @param firstUnit - the first unit of this run; what the file lists of earlier units is kept
   */
  constructor(
    readonly list: string | undefined,
    firstUnit: number,
  ) {
    if (list === undefined || !existsSync(list)) return;
    const kept = readFileSync(list, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && (JSON.parse(line) as { unit: number }).unit < firstUnit);
    if (kept.length === 0) rmSync(list);
    else writeFileSync(list, kept.map((line) => `${line}\n`).join(''));
    for (const line of kept) this.note(JSON.parse(line) as ListedRecord);
  }

  add(unit: number, skipped: readonly SkippedRecords[]): void {
    for (const { path, numbers, records } of skipped)
      for (const { number, problem } of records) {
        const record: ListedRecord = { unit, path, [numbers]: number, problem };
        this.note(record);
        if (this.list === undefined) continue;
        this.descriptor ??= openSync(this.list, 'a');
        writeSync(this.descriptor, `${JSON.stringify(record)}\n`);
      }
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private note({ path, line, record, problem }: ListedRecord): void {
    this.count++;
    if (this.first.length === 10) return;
    const place = line === undefined ? `${path}: record ${record}` : `${path}:${line}`;
    this.first.push(`${place}: ${problem}`);
  }
}

interface ListedRecord {
  unit: number;
  path: string;
  line?: number;
  record?: number;
  problem: string;
}
