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
import { shellWord } from '../../command-name.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import type { Invocation } from '../../options/command.js';
import { listedPaths } from '../../options/files-from.js';
import { formatByteRate, formatBytes, formatShortCount } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import type { OutputOptions } from '../../output/report.js';
import type { preprocess as preprocessCommand } from './command.js';
import type { PreprocessSettings } from './options.js';
import { printReport } from './report.js';
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
  for (let id = 0; id < tokenizer.vocabularySize; id++)
    if (tokenizer.hasToken(id)) ids.set(tokenizer.idToToken(id), id);
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

/** Shorter runs need no forecast. */
const longBytes = 2e9;

/** Whether a forecast is worthwhile; standard input and other streams cannot be read ahead. */
export function isLong({ files, bytes }: InputFiles, enough = longBytes): boolean {
  return bytes >= enough && !files.some(({ path, isStream }) => path === '-' || isStream === true);
}
