import { InputError, mention, say } from '@mlm/base/errors';
import { type Given, settingsOf } from '@mlm/base/options';
import { dropDuplicates } from '../dedup/drop-duplicates.js';
import { formatOf } from '../formats/index.js';
import { dedupOptions, readDefaults, type readOptions } from '../options.js';
import type { Share } from '../preprocess/share.js';
import { dividedParts } from './divided-parts.js';
import type { Files } from './file-list.js';
import { named } from './foreign.js';
import type { InputFiles } from './list.js';
import {
  isStreamed,
  type PartOptions,
  type PlacedFile,
  type PlacedParts,
  placedFiles,
  rangeParts,
  streamedParts,
  wholePart,
} from './parts.js';
import { ReadAhead, type Wanted } from './read-ahead.js';
import { UNIT_BYTES, type Unit, type UnitPart } from './unit.js';

/** How input is divided into documents and work units. */
export interface PlanOptions extends PartOptions, Given<typeof readOptions>, Given<typeof dedupOptions> {
  /** Whether `dedup` compares lines, as for rows of one line each, instead of documents. Default: false. */
  lineByLine?: boolean | undefined;
  /**
   * Threads that will tokenize the units: with four or more, compressed files are read ahead by further threads. The
   * units are the same. Default: one per core.
   */
  workers?: number | undefined;
  /** Leave out the units before this one, which an interrupted run has finished. Default: 0. */
  firstUnit?: number;
  /**
   * Where the unit before `firstUnit` ended: the number of files used, and the end in the last of them. Default: not
   * checked.
   */
  lastFinished?: { files: number; end: number } | undefined;
  /** Whether to accept an input without any text. Default: false. */
  allowsEmpty?: boolean | undefined;
  /** Process only one of several even shares of the input. Default: all of it. */
  share?: Share;
}

/** Divides the input into numbered work units. */
export async function* planUnits(input: InputFiles, options: PlanOptions = {}): AsyncGenerator<Unit> {
  const { firstUnit = 0, share = { rank: 0, worldSize: 1 } } = options;
  if (share.worldSize > 1 && input.files.some(isStreamed))
    throw new InputError(
      'standard input and pipes cannot be shared among several processes; give files instead',
    );
  const { from, to } = bytesOfShare(input, share);
  const { files: finishedFiles, end: finishedEnd } = options.lastFinished ?? { files: 0, end: 0 };
  const wantedFrom = ({ ordinal, position }: PlacedFile) => {
    if (position < from || ordinal + 1 < finishedFiles) return Number.POSITIVE_INFINITY;
    return ordinal + 1 === finishedFiles ? finishedEnd : 0;
  };
  const end = share.rank + 1 === share.worldSize ? Number.POSITIVE_INFINITY : to;
  let number = 0;
  let isEmpty = true;
  for await (const { position, ...unit } of differentUnits(input.files, options, { from: wantedFrom, end })) {
    if (position >= end) break;
    if (position >= from && number >= firstUnit) {
      yield { number, ...unit };
      isEmpty = false;
    }
    if (number === firstUnit - 1 && options.lastFinished) refuseOtherCut(unit.parts, options.lastFinished);
    number++;
  }
  // A share of an input without text had a unit all the same, see below.
  if (Math.max(number, share.worldSize > 1 ? 1 : 0) < firstUnit) refuseShorter();
  if (!isEmpty || firstUnit > 0) return;
  if (share.worldSize === 1 && options.allowsEmpty !== true)
    throw new InputError(`${named(input.files.at(0)?.path ?? 'input')}: no text: the input is empty`);
  // A share or stream without units still gives one without parts, so that no part is missing in the merge.
  yield { number: Math.max(0, number - 1), parts: [], inputBytes: 0 };
}

/**
 * Small files share a unit: if one of them shrank or is gone, another may now belong to a unit that is already
 * finished.
 */
function refuseOtherCut(parts: readonly UnitPart[], { files, end }: { files: number; end: number }): void {
  const last = parts.at(-1);
  if (last && last.file + 1 === files && last.end === end) return;
  throw new InputError(
    say`cannot resume: the inputs changed so that the last finished unit of work would end elsewhere (${last?.path ?? 'no file'}); use the same inputs, or ${mention('overwrite')}`,
  );
}

/** Of standard input and pipes, nothing but their text tells that they changed. */
function refuseShorter(): never {
  throw new InputError(
    say`cannot resume: the inputs end before the last finished unit of work; give the same inputs, or use ${mention('overwrite')}`,
  );
}

/** The range of the input, in bytes on disk, in which the units of a share begin. */
export function bytesOfShare(
  { bytes }: InputFiles,
  { rank, worldSize }: Share,
): { from: number; to: number } {
  return { from: (bytes * rank) / worldSize, to: (bytes * (rank + 1)) / worldSize };
}

/** A unit, and where in the input (in bytes on disk) it begins. */
type PlacedUnit = Omit<Unit, 'number'> & { position: number };

/** The units, in which `dedup` marks repeated documents. */
function differentUnits(files: Files, options: PlanOptions, wanted: Wanted): AsyncGenerator<PlacedUnit> {
  const { dedup, dedupMemory } = settingsOf(dedupOptions, options);
  if (dedup === undefined) return allUnits(files, options, wanted);
  const units = allUnits(files, options, { ...wanted, from: () => 0 });
  const { textField = readDefaults.textField, onBadRecord, lineByLine = false } = options;
  const skipsBadRecords = onBadRecord === 'skip';
  return dropDuplicates(units, { textField, skipsBadRecords, lineByLine, memory: dedupMemory });
}

/** Units of several small files each, or of one range of a larger file. */
async function* allUnits(files: Files, options: PlanOptions, wanted: Wanted): AsyncGenerator<PlacedUnit> {
  let group: PlacedUnit = { parts: [], position: 0, inputBytes: 0 };
  for await (const placed of allParts(files, options, wanted))
    for (const { parts, position, inputEnd, isWhole } of placed) {
      const bytes = parts.reduce((sum, { rows, start, end }) => sum + (rows?.bytes ?? end - start), 0);
      if (group.parts.length > 0 && (!isWhole || group.inputBytes + bytes > UNIT_BYTES)) {
        yield group;
        group = { parts: [], position, inputBytes: 0 };
      }
      if (!isWhole) {
        yield { parts, position, inputBytes: bytes, inputEnd };
        continue;
      }
      if (group.parts.length === 0) group.position = position;
      group.parts.push(...parts);
      group.inputBytes += bytes;
      group.inputEnd = inputEnd;
    }
  if (group.parts.length > 0) yield group;
}

/** The parts in order; of small files that follow each other, several at a time, which saves waiting for each. */
async function* allParts(files: Files, options: PlanOptions, wanted: Wanted): AsyncGenerator<PlacedParts[]> {
  const ahead = new ReadAhead(files, options, wanted, options.workers);
  try {
    let small: PlacedParts[] = [];
    for (const placed of placedFiles(files)) {
      const { file, ordinal } = placed;
      const format = formatOf(file.format);
      const { open, content, rows } = format;
      const isRead = isStreamed(file) || file.stored || file.compression !== 'none' || open;
      if (isRead || file.size > UNIT_BYTES || small.length === SMALL_PARTS) {
        yield small;
        small = [];
      }
      if (rows && file.compression === 'none')
        yield* dividedParts(placed, { ...format, rows }, options, wanted.from);
      else if (isRead) yield* ahead.partsOf(ordinal) ?? streamedParts(placed, options, wanted.from(placed));
      else if (file.size > UNIT_BYTES) yield* rangeParts(placed, content, options);
      else if (file.size > 0) small.push(wholePart(placed, content, options));
    }
    yield small;
  } finally {
    await ahead.close();
  }
}

/** Most small files at a time. */
const SMALL_PARTS = 64;
