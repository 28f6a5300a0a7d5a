import { mergeDatasets } from '@mlm/arrow';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { refuseShardSize } from '../../options/shared.js';
import { formatNoun } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import type { MergeSettings } from './command.js';

export async function runMerge(context: Context, options: MergeSettings): Promise<void> {
  const { parts, output, shardBytes, overwrite, takeOver } = options;
  if (parts.length === 0)
    throw new UsageError('expected parts and then an output, such as: mlm merge out.part-* out.arrow');
  if (output === '') throw new UsageError('expected an output, such as out.arrow');
  refuseShardSize(shardBytes, output);
  const counts = await mergeDatasets(parts, output, {
    overwrite,
    takeOver,
    signal: context.signal,
    shardBytes,
  });
  printResult(context, options, { output, parts: parts.length, ...counts }, (style) => [
    `${style('green', 'done')}  ${formatNoun(parts.length, 'part')}, ${formatNoun(counts.rows, 'row')}, ` +
      `${formatNoun(counts.tokens, 'token')} in ${output}`,
  ]);
}
