import { type Dataset, type DatasetMetadata, listColumn, openDataset } from '@mlm/arrow';
import type { Context } from '../../context.js';
import { type DatasetRow, markedRow } from '../../output/marked-row.js';
import { formatCount, formatNoun, formatShare } from '../../output/numbers.js';
import { alignColumns, printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import { tokenizerOfDataset } from '../../tokenizer.js';
import type { InspectOptions } from './command.js';
import { countDataset, type SplitCounts } from './count.js';

export async function runInspect(context: Context, path: string, options: InspectOptions): Promise<void> {
  const dataset = await openDataset(path);
  try {
    const tokenizer = await tokenizerOfDataset(dataset, options.tokenizer);
    const idToToken = (id: number) => tokenizer?.idToToken(id) ?? String(id);
    const rows = await firstRows(dataset, options.rows);
    const splits: Record<string, SplitCounts> = {};
    for (const [name, split] of [['train', dataset] as const, ['validation', dataset.validation] as const]) {
      if (split !== undefined)
        splits[name] = await countDataset(split, tokenizer?.specialIds.mask, context.signal);
    }
    const result = {
      path: dataset.path,
      columns: dataset.schema.fields.map(({ name, type }) => ({ name, type: String(type) })),
      made: dataset.metadata === undefined ? null : provenance(dataset.metadata),
      splits,
      examples: rows.map((row) => ({
        input_ids: Array.from(row.input_ids),
        labels: Array.from(row.labels),
        text: markedRow(row, idToToken, styleFor({}, {})),
      })),
    };
    printResult(context, options, result, (style) => [
      style('bold', result.path),
      ...describeColumns(result.columns),
      ...(result.made === null
        ? ['Not made by mlm: nothing is known of how.']
        : describeProvenance(result.made)),
      '',
      ...describeSplits(splits),
      ...rows.flatMap((row, index) => [
        '',
        style('dim', `row ${index}, ${formatNoun(row.input_ids.length, 'token')}`),
        markedRow(row, idToToken, style),
      ]),
    ]);
  } finally {
    await dataset.close();
  }
}

async function firstRows(dataset: Dataset, wanted: number): Promise<DatasetRow[]> {
  const rows: DatasetRow[] = [];
  for (let index = 0; index < dataset.batchRows.length && rows.length < wanted; index++) {
    const batch = await dataset.batch(index);
    const ids = listColumn(batch, 'input_ids');
    const labels = batch.getChild('labels') === null ? undefined : listColumn(batch, 'labels');
    for (let row = 0; row < batch.numRows && rows.length < wanted; row++) {
      rows.push({
        input_ids: ids.values.slice(ids.offsets[row], ids.offsets[row + 1]),
        labels: labels?.values.slice(labels.offsets[row], labels.offsets[row + 1]) ?? [],
      });
    }
  }
  return rows;
}

type Provenance = ReturnType<typeof provenance>;

/** How the dataset was made, without the tokenizer's files and the rows of each unit. */
function provenance({ rows_per_unit, tokenizer, split: _, ...metadata }: DatasetMetadata) {
  const { files, ...named } = tokenizer;
  return { ...metadata, units: rows_per_unit.length, tokenizer: { ...named, files: Object.keys(files) } };
}

function describeColumns(columns: { name: string; type: string }[]): string[] {
  return [`columns: ${columns.map(({ name, type }) => `${name}: ${type}`).join(', ')}`];
}

function describeProvenance({
  generator,
  tokenizer,
  sequence_length,
  cut,
  masking,
  counts,
  units,
}: Provenance): string[] {
  const rows = cut.line_by_line
    ? `a row a line, overflow ${cut.overflow}`
    : `packed, a document ends at ${cut.document}`;
  const lines = [
    `made by ${generator} in ${formatNoun(units, 'unit')}`,
    `tokenizer: ${tokenizer.name}, ${formatCount(tokenizer.vocabulary_size)} entries, sha256 ${tokenizer.sha256.slice(0, 12)}…`,
    `rows: up to ${sequence_length} tokens, ${rows}`,
    masking === null
      ? 'masking: none'
      : `masking: probability ${masking.probability}, replace ${masking.replace}, labels ${masking.labels}, seed ${masking.seed}`,
  ];
  const others = Object.entries(counts ?? {}).filter(([name]) => name !== 'rows' && name !== 'tokens');
  if (others.length > 0) {
    lines.push(
      `counted: ${others.map(([name, value]) => `${formatCount(value)} ${name.replaceAll('_', ' ')}`).join(', ')}`,
    );
  }
  return lines;
}

function describeSplits(splits: Record<string, SplitCounts>): string[] {
  const header = ['', 'rows', 'tokens', 'a row', 'labels', 'share', '[MASK]', 'replaced'];
  const rows = Object.entries(splits).map(([name, counts]) => [
    name,
    formatCount(counts.rows),
    formatCount(counts.tokens),
    `${counts.shortest_row}–${counts.longest_row}`,
    formatCount(counts.labels),
    formatShare(counts.labels / Math.max(1, counts.tokens)),
    formatCount(counts.masked),
    formatCount(counts.replaced),
  ]);
  return alignColumns([header, ...rows], [1, 2, 3, 4, 5, 6, 7]);
}
