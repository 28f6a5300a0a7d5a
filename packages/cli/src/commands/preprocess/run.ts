import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { refuseUrl } from '@mlm/base';
import { InputError, mention, say } from '@mlm/base/errors';
import { settingsOf } from '@mlm/base/options';
import { maskingOptions } from '@mlm/masking/options';
import { maskingRule, maskStage } from '@mlm/masking/stage';
import { preprocessOptions } from '@mlm/tokenize/options';
import type {
  InputFiles,
  PreprocessReport,
  PreprocessOptions as PreprocessRequest,
  Tokenizer,
} from '@mlm/tokenize/preprocess';
import { listFiles, loadTokenizer, preprocess } from '@mlm/tokenize/preprocess';
import { commandName, shellWord } from '../../command-name.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import type { Invocation } from '../../options/command.js';
import { listedPaths } from '../../options/files-from.js';
import { badRecordFields, badRecordLines } from '../../output/bad-records.js';
import {
  formatByteRate,
  formatBytes,
  formatDuration,
  formatNoun,
  formatShare,
  formatShortCount,
} from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { type OutputOptions, printResult } from '../../output/report.js';
import type { preprocess as preprocessCommand } from './command.js';
import type { PreprocessSettings } from './options.js';
import { continuation, reportComplete, returnToFolder, settingsToKeep } from './resume.js';
import { partPattern, refuseByOutput, reportShare, shareFor } from './share.js';

export async function runPreprocess(
  context: Context,
  asked: PreprocessSettings,
  { given }: Pick<Invocation<typeof preprocessCommand>, 'given'>,
): Promise<void> {
  if (asked.output === '') throw new UsageError('expected an output, such as out.arrow; it is empty');
  refuseUrl(asked.output);
  const share = shareFor(context, asked);
  refuseByOutput(asked, asked.output, share);
  const tokenizer = await loadTokenizer(asked.tokenizer, asked);
  const settings = returnToFolder(asked);
  const { output } = settings;
  const listed = await listedPaths(context, settings.filesFrom);
  const inputs = [...settings.inputs, ...listed];
  if (inputs.length === 0) {
    if (settings.resume) return reportComplete(context, settings, share, given);
    throw new UsageError('expected inputs and then an output, such as: mlm preprocess corpus/ out.arrow');
  }
  if (settings.resume && given.inputs === undefined && inputs.includes('-') && context.stdin.isTTY)
    throw new UsageError('--resume: the run read standard input; pipe the same text in again');
  reportShare(context, settings, share);
  const files = await listFiles(inputs, { inputFormat: settings.inputFormat });
  const protect = idsOf(tokenizer, settings.protect);
  const request: PreprocessRequest = {
    ...settingsOf(preprocessOptions, settings),
    inputs: files,
    output,
    tokenizer,
    stages: [maskStage(maskingRule(tokenizer, { ...settingsOf(maskingOptions, settings), protect }))],
    share,
    settings: settingsToKeep(settings, listed),
  };
  if (!settings.quiet && isLong(files)) {
    const { describeForecast, forecast } = await import('./forecast.js');
    context.stderr.write(`${describeForecast(await forecast(request, files), files)}\n`);
  }
  const { report, seconds } = await preprocessWithProgress(context, request, settings).catch(
    async (error: unknown) => {
      const line = context.signal.aborted ? await continuation(context, settings, share) : undefined;
      if (line !== undefined) context.stderr.write(`mlm: continue with: ${line}\n`);
      throw error;
    },
  );
  const next =
    share.worldSize > 1
      ? `merge ${partPattern(output, share)} ${shellWord(output)}, once all ${share.worldSize} parts are there`
      : `train ${shellWord(report.output)}${settings.recipe === undefined ? '' : ` --recipe ${settings.recipe}`}`;
  const isEmpty = share.worldSize === 1 && report.counts.rows + report.validationRows === 0;
  await printReport(context, settings, report, seconds, isEmpty ? undefined : next);
}

/** Converts the tokens of `protect` to ids. @throws InputError for a token that the tokenizer does not have */
function idsOf(tokenizer: Tokenizer, tokens: readonly string[]): number[] {
  if (tokens.length === 0) return [];
  const ids = new Map<string, number>();
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    try {
      ids.set(tokenizer.idToToken(id), id);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // an id that no token has
    }
  }
  return tokens.map((token) => {
    const id = ids.get(token);
    if (id !== undefined) return id;
    throw new InputError(
      say`${mention('protect')}: ${tokenizer.name} has no token ${token}; write it as the vocabulary does, such as ##ing`,
    );
  });
}

/** Runs `preprocess` with a progress line. */
export async function preprocessWithProgress(
  context: Context,
  request: PreprocessRequest,
  options: Pick<OutputOptions, 'quiet' | 'progress'>,
): Promise<{ report: PreprocessReport; seconds: number }> {
  const progress = createProgress({
    stream: context.stderr,
    env: context.env,
    label: 'preprocess',
    ...options,
  });
  const start = performance.now();
  try {
    const report = await preprocess({
      ...request,
      signal: context.signal,
      onProgress({ bytes, totalBytes, textBytes, rows, tokens }) {
        progress.update({
          done: bytes,
          total: totalBytes || undefined,
          values: { bytes, text_bytes: textBytes, rows, tokens },
          details: () => [
            formatBytes(textBytes),
            formatByteRate(textBytes / ((performance.now() - start) / 1000)),
            `${formatShortCount(tokens)} tokens`,
            `${formatShortCount(rows)} rows`,
          ],
        });
      },
    });
    return { report, seconds: (performance.now() - start) / 1000 };
  } finally {
    progress.finish();
  }
}

async function printReport(
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

/** Shorter runs need no forecast. */
const longBytes = 2e9;

/** Whether a forecast is worthwhile; standard input and other streams cannot be read ahead. */
export function isLong({ files, bytes }: InputFiles, enough = longBytes): boolean {
  return bytes >= enough && files.every(({ path, isStream }) => path !== '-' && isStream !== true);
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
