import type { BatchStage, ColumnBatch, CreateStage, ListColumn, Split } from '@mlm/arrow/columns';
import { LineCutter } from '../cut/lines.js';
import { type RowCutter, RowPacker } from '../cut/pack.js';
import { splitOf } from '../cut/split.js';
import { skipSpace } from '../source/boundary.js';
import type { Unit, UnitPart } from '../source/unit.js';
import type { Encoder, SpecialIds } from '../tokenizer/types.js';
import { PartReader, type PartText } from './read-unit.js';

/** What is to be done with units, beside the tokenizer; it can be cloned by `postMessage`. */
export interface UnitWork {
  specialIds: SpecialIds;
  sequenceLength: number;
  lineByLine: boolean;
  overflow: 'wrap' | 'truncate';
  evalFraction: number;
  seed: number;
  textField: string;
  stages: BatchStage[];
}

type Stage = (batch: ColumnBatch) => ColumnBatch | Promise<ColumnBatch>;

/** A record batch stays well below the 64 MiB that readers are promised: 13 bytes a token at most. */
const BATCH_IDS = 4 << 20;

/** Turns units into record batches, in whichever thread it was made. */
export class UnitWorker {
  private readonly reader: PartReader;
  private readonly cutters: Record<Split, RowCutter>;
  private documents: Record<Split, number> = { train: 0, validation: 0 };
  private invalidUtf8 = 0;

  private constructor(
    private readonly work: UnitWork,
    private readonly encoder: Encoder,
    cutter: () => RowCutter,
    private readonly stages: Stage[],
  ) {
    this.reader = new PartReader(work.textField);
    this.cutters = { train: cutter(), validation: cutter() };
  }

  static async create(work: UnitWork, encoder: () => Encoder): Promise<UnitWorker> {
    const { specialIds, sequenceLength, lineByLine, overflow } = work;
    const cutter = () =>
      lineByLine
        ? new LineCutter(sequenceLength, specialIds, overflow)
        : new RowPacker(sequenceLength, specialIds);
    const stages: Stage[] = [];
    for (const { module, options } of work.stages) {
      const { createStage } = (await import(module)) as { createStage: CreateStage };
      stages.push(createStage(options as never));
    }
    return new UnitWorker(work, encoder(), cutter, stages);
  }

  /** Reads, tokenizes and cuts a unit, and runs the stages on its batches: those to train on first. */
  async run(unit: Unit): Promise<ColumnBatch[]> {
    this.documents = { train: 0, validation: 0 };
    this.invalidUtf8 = 0;
    const rowFactor = rowFactorOf(this.work.stages);
    const rowLimit = (unit.rowLimit ?? Number.POSITIVE_INFINITY) / rowFactor;
    for (const part of unit.parts) if (this.rows < rowLimit) this.addPart(part, rowLimit);
    const batches: ColumnBatch[] = [];
    let rowsLeft = rowLimit;
    for (const split of ['train', 'validation'] as const) {
      const figures = split === 'train' ? { bytes: unit.inputBytes, invalid_utf8: this.invalidUtf8 } : {};
      const counts = { documents: this.documents[split], ...figures };
      // The first batch of a unit is there even without rows: it says that the unit is done.
      const column = this.cutters[split].finish(rowsLeft);
      rowsLeft -= column.offsets.length - 1;
      for (const batch of batchesOf(column, unit.number, split, counts, BATCH_IDS / rowFactor)) {
        let result = batch;
        for (const stage of this.stages) result = await stage(result);
        batches.push(result);
      }
    }
    return batches;
  }

  private get rows(): number {
    return this.cutters.train.rows + this.cutters.validation.rows;
  }

  private addPart(part: UnitPart, rowLimit: number): void {
    const text = this.reader.read(part);
    // In line-by-line mode a line is a row, so it is also what is held out or not.
    const document = this.work.lineByLine ? 'line' : text.document;
    const { ids, documentEnds, documentStarts, invalidUtf8 } = this.encoder.encode(text.bytes, { document });
    this.invalidUtf8 += invalidUtf8;
    const textStart = skipSpace(text.bytes, 0);
    const continues = part.documentStart < part.start;
    let from = 0;
    for (let i = 0; i < documentEnds.length && this.rows < rowLimit; i++) {
      const to = documentEnds[i]!;
      const split = this.splitOfDocument(part, text, documentStarts[i]!, textStart);
      this.cutters[split].add(ids, from, to);
      this.cutters[split].endDocument();
      if (i > 0 || !continues) this.documents[split]++;
      from = to;
    }
  }

  private splitOfDocument(part: UnitPart, text: PartText, start: number, textStart: number): Split {
    if (this.work.evalFraction <= 0) return 'train';
    const first = skipSpace(text.bytes, start);
    // The first document of a part may have begun in a part before.
    const offset =
      first === textStart ? part.documentStart : text.fileOffset(text.document === 'line' ? start : first);
    return splitOf(this.work, part.file, offset);
  }
}

/** How many rows the stages make of each. */
export function rowFactorOf(stages: readonly BatchStage[]): number {
  return stages.reduce((product, { rowFactor = 1 }) => product * rowFactor, 1);
}

function* batchesOf(
  { values, offsets }: ListColumn<Int32Array>,
  unit: number,
  split: Split,
  counts: Record<string, number>,
  most: number,
): Generator<ColumnBatch> {
  const rows = offsets.length - 1;
  if (values.length <= most) {
    if (rows > 0 || split === 'train')
      yield { columns: { input_ids: { values, offsets } }, place: { unit, firstRow: 0, split, counts } };
    return;
  }
  for (let firstRow = 0; firstRow < rows; ) {
    const start = offsets[firstRow]!;
    let end = firstRow + 1;
    while (end < rows && offsets[end + 1]! - start <= most) end++;
    const input_ids = {
      values: values.slice(start, offsets[end]),
      offsets: offsets.slice(firstRow, end + 1).map((offset) => offset - start),
    };
    const place = { unit, firstRow, split, ...(firstRow === 0 ? { counts } : {}) };
    yield { columns: { input_ids }, place };
    firstRow = end;
  }
}
