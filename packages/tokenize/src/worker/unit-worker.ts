import {
  type BatchStage,
  type ColumnBatch,
  ColumnMemory,
  type CreateStage,
  type ListColumn,
  type Split,
} from '@mlm/arrow/columns';
import { defined } from '@mlm/base/defined';
import { importModule } from '@mlm/base/spawn';
import { contentHash } from '../cut/content-hash.js';
import { LineCutter } from '../cut/lines.js';
import { type CutRows, type RowCutter, RowPacker } from '../cut/pack.js';
import { DocumentPacker } from '../cut/pack-documents.js';
import { splitOf } from '../cut/split.js';
import { skipSpace } from '../source/boundary.js';
import type { Unit, UnitPart } from '../source/unit.js';
import type { EncodedText, Encoder, SpecialIds } from '../tokenizer/types.js';
import type { UnitResult } from './finished-unit.js';
import { joinSmall, PartReader, type PartText } from './read-unit.js';

/** What to do with units, apart from the tokenizer; can be cloned by `postMessage`. */
export interface UnitWork {
  specialIds: SpecialIds;
  sequenceLength: number;
  pack: 'stream' | 'documents';
  lineByLine: boolean;
  overflow: 'wrap' | 'truncate';
  evalFraction: number;
  evalBy: 'document' | 'row';
  splitBy: 'place' | 'content';
  seed: number;
  textField: string;
  skipsBadRecords: boolean;
  stages: BatchStage[];
}

type Stage = (batch: ColumnBatch) => ColumnBatch | Promise<ColumnBatch>;

interface EncodedPart extends EncodedText {
  text: PartText;
  /** Start of the first document in the text. */
  textStart: number;
  /** Whether that document began in an earlier part. */
  continues: boolean;
}

/** Ids in a record batch. At 13 bytes per token or less, it stays well below the 64 MiB that readers are promised. */
const BATCH_IDS = 4 << 20;

/** What makes the rows of a unit, in memory of its own. */
interface RowMaker extends Record<Split, RowCutter> {
  /** For validation rows, where rows are divided between the splits only once they have been cut. */
  readonly heldOut: ColumnMemory;
}

/** Turns units into record batches, one at a time. */
export class UnitWorker {
  private readonly reader: PartReader;
  /** The one whose turn it is. */
  private turn = 0;
  private documents: Record<Split, number> = { train: 0, validation: 0 };
  private bytes = 0;
  private invalidUtf8 = 0;
  private duplicates = 0;

  private constructor(
    private readonly work: UnitWork,
    private readonly encoder: Encoder,
    private readonly makers: readonly RowMaker[],
    private readonly stages: Stage[],
  ) {
    this.reader = new PartReader(work.textField, work.skipsBadRecords);
  }

  /** @param heldUnits the number of units whose rows stay valid, the last one included. Default: 1 */
  static async create(
    work: UnitWork,
    encoder: () => Encoder | Promise<Encoder>,
    heldUnits = 1,
  ): Promise<UnitWorker> {
    const { specialIds, sequenceLength, lineByLine, overflow, pack } = work;
    const cutter = () => {
      if (lineByLine) return new LineCutter(sequenceLength, specialIds, overflow);
      return new (pack === 'documents' ? DocumentPacker : RowPacker)(sequenceLength, specialIds);
    };
    const stages: Stage[] = [];
    for (const { module, options } of work.stages) {
      const { createStage } = (await importModule(module)) as { createStage: CreateStage };
      stages.push(createStage(options as never));
    }
    const makers = Array.from({ length: heldUnits }, () => ({
      train: cutter(),
      validation: cutter(),
      heldOut: new ColumnMemory(),
    }));
    return new UnitWorker(work, await encoder(), makers, stages);
  }

  /**
   * Reads, tokenizes and cuts a unit, and runs the stages on its batches, those of the training split first. They lie in
   * memory that a later unit's rows overwrite: the next one's, unless more are held.
   * @param room - resolves when the oldest rows are no longer needed. Default: they never are
   */
  async run(unit: Unit, room?: () => Promise<void> | undefined): Promise<UnitResult> {
    this.documents = { train: 0, validation: 0 };
    this.bytes = unit.inputBytes;
    this.invalidUtf8 = 0;
    this.duplicates = 0;
    const rowFactor = rowFactorOf(this.work.stages);
    const rowLimit = (unit.rowLimit ?? Number.POSITIVE_INFINITY) / rowFactor;
    // With a limit, files are read one by one, since those behind it are not.
    const joins =
      this.encoder.ignoresSpace === true && !this.splitsDocuments && rowLimit === Number.POSITIVE_INFINITY;
    const hasRoom = room?.();
    for (const part of joins ? joinSmall(unit.parts) : unit.parts) {
      if (this.rows >= rowLimit) break;
      const encoded = await this.encode(part);
      await hasRoom;
      if (encoded) this.cut(part, encoded, rowLimit);
    }
    // Stages use the memory of rows even where there are none.
    await hasRoom;
    const batches: ColumnBatch[] = [];
    const skipped = this.reader.takeSkipped();
    const bad = skipped.reduce((sum, { records }) => sum + records.length, 0);
    const columns = this.finishRows(unit.number, rowLimit);
    for (const split of ['train', 'validation'] as const) {
      const figures = split === 'train' ? { bytes: this.bytes, invalid_utf8: this.invalidUtf8 } : {};
      const left =
        split === 'train'
          ? defined({ bad_records: bad || undefined, duplicates: this.duplicates || undefined })
          : {};
      const counts = { documents: this.documents[split], ...figures, ...left };
      // The first batch of a unit exists even without rows: it says that the unit is done.
      for (const batch of batchesOf(columns[split], unit.number, split, counts, BATCH_IDS / rowFactor)) {
        let result = batch;
        for (const stage of this.stages) result = { ...(await stage(result)), memory: batch.memory };
        batches.push(result);
      }
    }
    if (batches.some(({ columns }) => columns.input_ids!.offsets.length > 1))
      this.turn = (this.turn + 1) % this.makers.length;
    return { batches, skipped };
  }

  private get maker(): RowMaker {
    return this.makers[this.turn]!;
  }

  /** The rows of the unit by split, at most `rowLimit` together. */
  private finishRows(unit: number, rowLimit: number): Record<Split, CutRows> {
    const { maker } = this;
    const train = maker.train.finish(rowLimit);
    if (this.work.evalBy === 'row' && this.work.evalFraction > 0)
      return rowsBySplit(train, (row) => splitOf(this.work, unit, row), maker.heldOut);
    return { train, validation: maker.validation.finish(rowLimit - (train.offsets.length - 1)) };
  }

  private get rows(): number {
    return this.maker.train.rows + this.maker.validation.rows;
  }

  /** The ids of a part, valid until the next call; `undefined` if none are wanted. */
  private async encode(part: UnitPart): Promise<EncodedPart | undefined> {
    const text = await this.reader.read(part, this.splitsDocuments ? undefined : this.encoderRoom);
    // What the planner could only estimate.
    if (part.rows) this.bytes += text.bytes.length - part.rows.bytes;
    // In line-by-line mode a line is a row, so lines are what goes to validation.
    const document = this.work.lineByLine ? 'line' : text.document;
    const textStart = skipSpace(text.bytes, 0);
    const ranges = part.duplicates?.ranges ?? [];
    this.duplicates += part.duplicates?.count ?? 0;
    // A document of spaces gives no ids and moves no other text; in a text that is not divided, though, spaces may have
    // ids.
    if (ranges.length > 0 && document === 'none') return undefined;
    for (let i = 0; i < ranges.length; i += 2) text.bytes.fill(32, ranges[i], ranges[i + 1]);
    const encoded = this.encoder.encode(text.bytes, { document });
    this.invalidUtf8 += encoded.invalidUtf8;
    const continues = part.documentStart < part.start && ranges[0] !== textStart;
    return { ...encoded, text, textStart, continues };
  }

  /** Whether the text of documents decides their split; it is then needed after it has been encoded. */
  private get splitsDocuments(): boolean {
    return this.work.evalFraction > 0 && this.work.evalBy === 'document';
  }

  private readonly encoderRoom = (bytes: number) => this.encoder.room?.(bytes);

  private cut(part: UnitPart, encoded: EncodedPart, rowLimit: number): void {
    const { ids, documentEnds, documentStarts, text, textStart, continues } = encoded;
    const splitAt = (i: number) =>
      i < documentEnds.length ? this.splitOfDocument(part, text, documentStarts, i, textStart) : undefined;
    let split = splitAt(0);
    let from = 0;
    for (let first = 0, end = 0; split && this.rows < rowLimit; first = end) {
      // Documents that follow one another in a split are cut together, unless each may be the last that is wanted.
      let next = splitAt(++end);
      while (next === split && rowLimit === Number.POSITIVE_INFINITY) next = splitAt(++end);
      this.maker[split].addDocuments(ids, from, documentEnds.subarray(first, end));
      this.documents[split] += end - first - Number(first === 0 && continues);
      from = documentEnds[end - 1]!;
      split = next;
    }
  }

  private splitOfDocument(
    part: UnitPart,
    text: PartText,
    starts: Int32Array,
    document: number,
    textStart: number,
  ): Split {
    const { work } = this;
    if (!this.splitsDocuments) return 'train';
    const start = starts[document]!;
    const first = skipSpace(text.bytes, start);
    if (work.splitBy === 'content') {
      const isContinued = first === textStart && part.openingHash !== undefined;
      const lastHash = document === starts.length - 1 ? part.lastOpeningHash : undefined;
      const hash = isContinued ? part.openingHash : lastHash;
      return splitOf(
        work,
        hash ?? contentHash(text.bytes, first, starts[document + 1] ?? text.bytes.length),
        0,
      );
    }
    // The first document of a part may have begun in an earlier part.
    const offset =
      first === textStart ? part.documentStart : text.fileOffset(text.document === 'line' ? start : first);
    return splitOf(work, part.file, offset);
  }
}

/** Divides rows between the splits: those for validation are copied to a memory, the others move together. */
function rowsBySplit(
  { documentStarts, memory, ...ids }: CutRows,
  splitOfRow: (row: number) => Split,
  heldOut: ColumnMemory,
): Record<Split, CutRows> {
  const splits = Array.from({ length: ids.offsets.length - 1 }, (_, row) => splitOfRow(row));
  const rowsOf = (wanted: Split, memory: ColumnMemory): CutRows => {
    const rows = [...splits.keys()].filter((row) => splits[row] === wanted);
    return {
      ...pickRows(ids, rows, (length) => (memory === heldOut ? memory.begin(length) : memory.resize(length))),
      memory,
      documentStarts: documentStarts && pickRows(documentStarts, rows, (length) => new Int32Array(length)),
    };
  };
  const validation = rowsOf('validation', heldOut);
  return { train: rowsOf('train', memory), validation };
}

/** @param make makes an array of a length; over the values themselves, rows move towards its start */
function pickRows(
  { values, offsets }: ListColumn<Int32Array>,
  rows: readonly number[],
  make: (length: number) => Int32Array<ArrayBuffer>,
): ListColumn<Int32Array<ArrayBuffer>> {
  const ends = new Int32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) ends[i + 1] = ends[i]! + offsets[row + 1]! - offsets[row]!;
  const picked = make(ends.at(-1)!);
  for (const [i, row] of rows.entries()) picked.set(values.subarray(offsets[row], offsets[row + 1]), ends[i]);
  return { values: picked, offsets: ends };
}

/** How many rows the stages make of each row. */
export function rowFactorOf(stages: readonly BatchStage[]): number {
  return stages.reduce((product, { rowFactor = 1 }) => product * rowFactor, 1);
}

function* batchesOf(
  { documentStarts, memory, ...ids }: CutRows,
  unit: number,
  split: Split,
  counts: Record<string, number>,
  most: number,
): Generator<ColumnBatch> {
  const { values, offsets } = ids;
  const columns = defined({ input_ids: ids, document_starts: documentStarts });
  const rows = offsets.length - 1;
  if (values.length <= most) {
    if (rows > 0 || split === 'train') yield { columns, place: { unit, firstRow: 0, split, counts }, memory };
    return;
  }
  for (let firstRow = 0; firstRow < rows; ) {
    let end = firstRow + 1;
    while (end < rows && offsets[end + 1]! - offsets[firstRow]! <= most) end++;
    const part = Object.entries(columns).map(([name, column]) => [name, sliceRows(column, firstRow, end)]);
    const place = { unit, firstRow, split, counts: firstRow === 0 ? counts : undefined };
    yield { columns: Object.fromEntries(part), place };
    firstRow = end;
  }
}

function sliceRows(
  { values, offsets }: ListColumn<Int32Array>,
  from: number,
  to: number,
): ListColumn<Int32Array> {
  const start = offsets[from]!;
  return {
    values: values.slice(start, offsets[to]),
    offsets: offsets.slice(from, to + 1).map((offset) => offset - start),
  };
}
