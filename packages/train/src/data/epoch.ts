import type { Dataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { type MaskingRule, ruleAt } from '@mlm/masking';
import { Random } from '../random/random.js';
import { assembleBatch, type Batch, type Row } from './batch.js';
import { paddedLength } from './lengths.js';
import { maskRowsOfBatch } from './mask-rows.js';
import { type RowOptions, readRows } from './rows.js';

/** How the batches of an epoch are formed. */
export interface EpochOptions {
  batchSize: number;
  /** Lengths that rows are padded to, ascending. */
  lengths: readonly number[];
  padId: number;
  /** Number of ids in the model's vocabulary. */
  vocabularySize: number;
  /** Shuffles with this seed; without it rows keep their order. */
  shuffleSeed?: number | undefined;
  /** Draws new masks in every epoch. */
  dynamicRule?: MaskingRule | undefined;
  /**
   * Number of epochs in the training, over which the rule's probability may change: a batch has the one of the share of all
   * rows that stand in batches before it. Default: 1.
   */
  epochs?: number;
}

/** Tokens held in memory for shuffling, 9 bytes each. Changing it would change the order, so it is no option. */
const windowTokens = 2 ** 23;

/**
 * The batches of one epoch, in an order that depends only on seed and epoch. Record batches are shuffled; as many as
 * {@link windowTokens} allows are read together; their rows are shuffled; a batch is formed whenever there are enough
 * rows of one padded length. Leftover rows are joined at the end, longest first.
 *
 * @param wanted whether to assemble the batch of this number; the others are skipped at little cost
 */
export async function* epochBatches(
  dataset: Dataset,
  options: EpochOptions,
  epoch: number,
  wanted: (index: number) => boolean = () => true,
): AsyncGenerator<Batch> {
  const { batchSize, lengths, padId } = options;
  const random = options.shuffleSeed === undefined ? undefined : new Random(options.shuffleSeed, epoch, 1);
  const waiting = new Map<number, Row[]>(lengths.map((length) => [length, []]));
  const rule = changingRule(options);
  let index = 0;
  let rowsBefore = 0;
  const form = (rows: Row[], sequence: number) => {
    const progress = (epoch + rowsBefore / dataset.rows) / (options.epochs ?? 1);
    rowsBefore += rows.length;
    if (!wanted(index++)) return undefined;
    const split = dataset.metadata?.split ?? 'train';
    const masked = rule ? maskRowsOfBatch(rows, ruleAt(rule, progress), epoch, split) : rows;
    const batch = assembleBatch(masked, { batch: batchSize, sequence }, padId);
    refuseForeignIds(batch, options.vocabularySize, dataset.path);
    return batch;
  };
  for await (const rows of windows(dataset, options, epoch, random)) {
    for (const row of rows) {
      const sequence = paddedLength(lengths, row.length);
      const group = waiting.get(sequence)!;
      group.push(row);
      if (group.length < batchSize) continue;
      waiting.set(sequence, []);
      const formed = form(group, sequence);
      if (formed) yield formed;
    }
    // A view would keep its whole window in memory.
    for (const [sequence, group] of waiting) waiting.set(sequence, group.map(copyRow));
  }
  const left = [...waiting.values()].flat().sort((a, b) => b.length - a.length);
  for (let start = 0; start < left.length; start += batchSize) {
    const rows = left.slice(start, start + batchSize);
    const formed = form(rows, paddedLength(lengths, rows[0]!.length));
    if (formed) yield formed;
  }
}

/** The rows of as many record batches as fit into a window, shuffled together. */
async function* windows(
  dataset: Dataset,
  options: EpochOptions,
  epoch: number,
  random: Random | undefined,
): AsyncGenerator<Row[]> {
  const { batchRows } = dataset;
  const { dynamicRule } = options;
  const firstRows = startsOf(batchRows);
  const order = Uint32Array.from(batchRows.keys());
  random?.shuffle(order);
  const longest = options.lengths.at(-1)!;
  const rowOptions: RowOptions = dynamicRule
    ? { remask: { rule: dynamicRule, epoch }, restore: changingRule(options) !== undefined }
    : {};
  for (let next = 0; next < order.length; ) {
    const rows: Row[] = [];
    do {
      const batch = order[next++]!;
      for (const row of await readRows(dataset, batch, firstRows[batch]!, rowOptions)) rows.push(row);
    } while (next < order.length && (rows.length + batchRows[order[next]!]!) * longest <= windowTokens);
    if (!random) {
      yield rows;
      continue;
    }
    const shuffled = Uint32Array.from(rows.keys());
    random.shuffle(shuffled);
    yield Array.from(shuffled, (row) => rows[row]!);
  }
}

/** The rule, if its probability changes over training: then each batch is masked with the one that it has by then. */
function changingRule({ dynamicRule }: EpochOptions): MaskingRule | undefined {
  return dynamicRule?.settings.final_probability === undefined ? undefined : dynamicRule;
}

function startsOf(batchRows: readonly number[]): number[] {
  const starts: number[] = [];
  let row = 0;
  for (const rows of batchRows) {
    starts.push(row);
    row += rows;
  }
  return starts;
}

function copyRow({ input_ids, labels, attention_mask, document_starts, place, start, length }: Row): Row {
  const end = start + length;
  return {
    input_ids: input_ids.slice(start, end),
    labels: labels.slice(start, end),
    attention_mask: attention_mask?.slice(start, end),
    document_starts: document_starts?.slice(),
    place,
    start: 0,
    length,
  };
}

/** An engine would read beyond the embeddings, perhaps without noticing. */
function refuseForeignIds({ input_ids, masked_labels }: Batch, vocabularySize: number, path: string): void {
  const last = vocabularySize - 1;
  for (const ids of [input_ids, masked_labels]) {
    // The sign bit is set if any id was below 0 or above the last.
    let foreign = 0;
    for (let i = 0; i < ids.length; i++) foreign |= ids[i]! | (last - ids[i]!);
    if (foreign >= 0) continue;
    throw new InputError(
      `${path}: has the id ${ids.find((id) => id < 0 || id > last)}, the model only ids from 0 to ${last}; preprocess with the model's tokenizer`,
    );
  }
}
