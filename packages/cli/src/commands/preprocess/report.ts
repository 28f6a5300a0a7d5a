import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PreprocessReport } from '@mlm/tokenize/preprocess';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { badRecordFields, badRecordLines } from '../../output/bad-records.js';
import {
  formatByteRate,
  formatBytes,
  formatDuration,
  formatNoun,
  formatShare,
} from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import type { PreprocessSettings } from './options.js';

/**
 * Prints what a run has made of its text, and the command that comes next.
 * @param next that command; undefined if there are no rows
 */
export async function printReport(
  context: Context,
  options: PreprocessSettings,
  report: PreprocessReport,
  seconds: number,
  next: string | undefined,
): Promise<void> {
  const { counts, output, files, skipped, textBytes, resumedUnits, validationRows, badRecords } = report;
  const { rows, tokens, selected = 0, documents = 0, duplicates = 0, invalid_utf8 = 0, bytes = 0 } = counts;
  const share = selected / Math.max(1, tokens);
  // The counts of a dataset that was already finished lack `maskable`.
  const { maskable } = counts;
  const maskedShare = maskable === undefined ? undefined : selected / Math.max(1, maskable);
  // If the dataset goes to standard output, the summary must not mix with it.
  const toStderr = output === '-' ? { ...context, stdout: context.stderr } : context;
  const size = await outputBytes(output);
  const result = {
    output,
    ...counts,
    selected_share: share,
    masked_share: maskedShare,
    files,
    skipped,
    resumed_units: resumedUnits,
    text_bytes: textBytes,
    ...badRecordFields(badRecords),
    output_bytes: size,
    seconds,
  };
  printResult(toStderr, options, result, (style) => [
    `${style('green', 'done')}  ${formatNoun(rows, 'row')}, ${formatNoun(tokens, 'token')}, ` +
      `${formatNoun(documents, 'document')} from ${formatNoun(files, 'file')}`,
    ...(duplicates > 0 ? [`      ${formatNoun(duplicates, 'duplicate')} left out`] : []),
    maskedShare === undefined
      ? `      ${formatNoun(selected, 'token')} masked (${formatShare(share)} of all tokens)`
      : `      ${formatNoun(selected, 'token')} masked (${formatShare(maskedShare)} of those that can be masked)`,
    `      ${sizeAndRate(bytes, textBytes, seconds)}`,
    ...(invalid_utf8 > 0
      ? [style('yellow', `      ${formatNoun(invalid_utf8, 'invalid UTF-8 sequence')} replaced by U+FFFD`)]
      : []),
    ...badRecordLines(badRecords, style),
    ...(options.evalFraction > 0 && validationRows === 0 && documents > 0
      ? [style('yellow', `      ${emptyValidation(documents, options)}`)]
      : []),
    ...(skipped > 0
      ? [`      ${formatNoun(skipped, 'file')} of ${skipped === 1 ? 'another kind' : 'other kinds'} left out`]
      : []),
    ...(output === '-' ? [] : [`      ${output} (${formatBytes(size)})`]),
    ...(next === undefined
      ? [style('yellow', '      no rows: the input holds nothing but white space; training needs some text')]
      : output === '-'
        ? []
        : [`Next: ${commandName(context.env)} ${next}`]),
  ]);
}

/** How much text the dataset is made of, and the pace of this run, which may have found some of it done. */
function sizeAndRate(bytes: number, textBytes: number, seconds: number): string {
  const time = `${formatDuration(seconds)} (${formatByteRate(textBytes / seconds)})`;
  if (textBytes === bytes) return `${formatBytes(bytes)} in ${time}`;
  return `${formatBytes(bytes)}, ${formatBytes(textBytes)} of it in this run of ${time}`;
}

/** Bytes on disk of a dataset, including its validation part; 0 for a stream. */
async function outputBytes(output: string): Promise<number> {
  if (output === '-') return 0;
  const entry = await stat(output);
  if (!entry.isDirectory())
    return entry.size + (await sizeOf((await import('@mlm/arrow/sink')).validationPath(output)));
  const files = await readdir(output, { recursive: true, withFileTypes: true });
  const sizes = files.filter((file) => file.isFile()).map((file) => sizeOf(join(file.parentPath, file.name)));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

/** Why there are no validation rows although a share was asked for, and what helps. */
function emptyValidation(documents: number, { evalFraction, evalBy }: PreprocessSettings): string {
  const share = formatShare(evalFraction);
  if (evalBy === 'row')
    return `no row went to validation: ${share} of these is less than one; give more text`;
  const what = documents === 1 ? 'the text is one document' : `${share} of ${documents} documents was none`;
  return `nothing went to validation: ${what}; hold out single rows with --eval-by row`;
}
