import { type Dataset, type DatasetMetadata, listColumn, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import { describeSettings } from '@mlm/masking';
import type { Tokenizer } from '@mlm/tokenize';
import type { Context } from '../../context.js';
import { type DatasetRow, markedRow } from '../../output/marked-row.js';
import { formatCount, formatNoun, formatShare } from '../../output/numbers.js';
import { alignColumns, printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import { tokenizerOfDataset } from '../../tokenizer.js';
import type { InspectSettings } from './command.js';
import { countDataset, type SplitCounts } from './count.js';

export async function runInspect(context: Context, options: InspectSettings): Promise<void> {
  const { dataset: path } = options;
  const dataset = await openDataset(path, { verify: true });
  try {
    const tokenizer = await tokenizerOfDataset(dataset, options.tokenizer);
    const idToToken = tokenNames(path, tokenizer, options.tokenizer);
    const rows = await firstRows(dataset, options.rows);
    const splits: Record<string, SplitCounts> = {};
    for (const [fallback, split] of [
      ['train', dataset] as const,
      ['validation', dataset.validation] as const,
    ]) {
      if (split === undefined) continue;
      const name = split.metadata?.split ?? fallback;
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

/** The token of an id; without a tokenizer the id itself. A tokenizer that has too few is not the dataset's. */
function tokenNames(path: string, tokenizer: Tokenizer | undefined, named: string | undefined) {
  return (id: number): string => {
    if (!tokenizer) return String(id);
    if (id >= 0 && id < tokenizer.vocabularySize) return tokenizer.idToToken(id);
    const which = named === undefined ? 'its tokenizer' : `--tokenizer ${named}`;
    throw new InputError(
      `${path}: holds the id ${id}, and ${which} has only ${tokenizer.vocabularySize} entries; name the tokenizer that made it`,
    );
  };
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
    `made by ${generator}${units === 0 ? '' : ` in ${formatNoun(units, 'unit')}`}`,
    `tokenizer: ${tokenizer.name}, ${formatCount(tokenizer.vocabulary_size)} entries, sha256 ${tokenizer.sha256.slice(0, 12)}…`,
    `rows: up to ${sequence_length} tokens, ${rows}`,
    `masking: ${masking === null ? 'none' : describeSettings(masking)}`,
  ];
  const others = Object.entries(counts ?? {}).filter(([name]) => name !== 'rows' && name !== 'tokens');
  if (others.length > 0) {
    lines.push(
      `counted: ${others.map(([name, value]) => countedText(name.replaceAll('_', ' '), value)).join(', ')}`,
    );
  }
  return lines;
}

function countedText(name: string, value: number): string {
  return name.endsWith('s') ? formatNoun(value, name.slice(0, -1)) : `${formatCount(value)} ${name}`;
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
