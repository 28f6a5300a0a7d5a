import { basename } from 'node:path';
import { type Dataset, type DatasetMetadata, listColumn, openDataset } from '@mlm/arrow';
import { writeWhole } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { describeSettings } from '@mlm/masking';
import { maskedRowsPage } from '@mlm/pages';
import type { Tokenizer } from '@mlm/tokenize';
import type { Context } from '../../context.js';
import { type DatasetRow, markedRow, shownTokens } from '../../output/marked-row.js';
import { formatCount, formatNoun, formatShare } from '../../output/numbers.js';
import { checkPage } from '../../output/page.js';
import { alignColumns, printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import { tokenizerOfDataset } from '../../tokenizer.js';
import type { InspectSettings } from './command.js';
import { countDataset, type SplitCounts } from './count.js';

export async function runInspect(context: Context, options: InspectSettings): Promise<void> {
  const { dataset: path } = options;
  if (options.html !== undefined) checkPage(options.html);
  const dataset = await openDataset(path, { verify: true });
  try {
    const tokenizer = await tokenizerOfDataset(dataset, options.tokenizer);
    const idToToken = tokenNames(path, tokenizer, options.tokenizer);
    const rows = await firstRows(dataset, options.rows ?? (options.html === undefined ? 3 : 200));
    const protectedIds = new Set([
      ...(tokenizer?.protectedIds ?? []),
      ...(dataset.metadata?.masking?.protect ?? []),
    ]);
    const maskId = tokenizer?.specialIds.mask;
    const splits: Record<string, SplitCounts> = {};
    for (const [fallback, split] of [
      ['train', dataset] as const,
      ['validation', dataset.validation] as const,
    ]) {
      if (split === undefined) continue;
      const name = split.metadata?.split ?? fallback;
      splits[name] = await countDataset(split, { maskId, protectedIds }, context.signal);
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
    if (options.html !== undefined) {
      const facts = {
        dataset: dataset.path,
        ...(result.made && {
          tokenizer: result.made.tokenizer.name,
          masking: result.made.masking === null ? 'none' : describeSettings(result.made.masking),
        }),
        ...Object.fromEntries(
          Object.entries(splits).map(([name, counts]) => [`masked, ${name}`, describeShare(counts)]),
        ),
      };
      const shown = rows.map((row) => shownTokens(row, idToToken, tokenizer));
      const page = maskedRowsPage({ name: basename(path), facts, rows: shown, rowCount: dataset.rows });
      await writeWhole(options.html, page);
    }
    printResult(context, options, result, (style) => [
      style('bold', result.path),
      ...describeColumns(result.columns),
      ...(result.made === null ? ['Not made by mlm; how is unknown.'] : describeProvenance(result.made)),
      '',
      ...describeSplits(splits),
      ...(options.html === undefined ? rows : []).flatMap((row, index) => [
        '',
        style('dim', `row ${index}, ${formatNoun(row.input_ids.length, 'token')}`),
        markedRow(row, idToToken, style),
      ]),
      ...(options.html === undefined ? [] : ['', `masks in colour: ${options.html}`]),
    ]);
  } finally {
    await dataset.close();
  }
}

/** The share of maskable tokens that have a label; if all tokens have one, of all tokens. */
function shareOf({ labels, maskable, tokens }: SplitCounts): number {
  return labels / Math.max(1, labels > maskable ? tokens : maskable);
}

function describeShare(counts: SplitCounts): string {
  return `${formatCount(counts.labels)} of ${formatCount(counts.maskable)} tokens that can be masked (${formatShare(shareOf(counts))})`;
}

/**
 * Returns the token of an id, or the id itself if there is no tokenizer. A tokenizer without the id is not the
 * dataset's.
 */
function tokenNames(path: string, tokenizer: Tokenizer | undefined, named: string | undefined) {
  return (id: number): string => {
    if (!tokenizer) return String(id);
    if (tokenizer.hasToken(id)) return tokenizer.idToToken(id);
    const which = named === undefined ? 'its tokenizer' : `--tokenizer ${named}`;
    throw new InputError(
      `${path}: contains the id ${id}, but ${which} has only ${tokenizer.vocabularySize} entries; name the tokenizer that made it`,
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

/** How the dataset was made, without the contents of the tokenizer's files and the rows of each unit. */
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
    ? `one row per line, overflow ${cut.overflow}`
    : `packed${cut.pack === 'documents' ? ' with whole documents' : ''}, a document ends at ${cut.document}`;
  const different = cut.dedup === undefined ? '' : ', duplicates left out';
  const lines = [
    `made by ${generator}${units === 0 ? '' : ` in ${formatNoun(units, 'unit')}`}`,
    `tokenizer: ${tokenizer.name}, ${formatCount(tokenizer.vocabulary_size)} entries, sha256 ${tokenizer.sha256.slice(0, 12)}…`,
    `rows: up to ${sequence_length} tokens, ${rows}${different}`,
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
    formatShare(shareOf(counts)),
    formatCount(counts.masked),
    formatCount(counts.replaced),
  ]);
  return alignColumns([header, ...rows], [1, 2, 3, 4, 5, 6, 7]);
}
