import { mergeDatasets } from '@mlm/arrow';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { formatNoun } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import type { MergeOptions } from './command.js';

export async function runMerge(context: Context, paths: string[], options: MergeOptions): Promise<void> {
  const output = paths.at(-1)!;
  const parts = paths.slice(0, -1);
  if (parts.length === 0)
    throw new UsageError('expected parts and then an output, such as: mlm merge out.part-* out.arrow');
  if (output === '') throw new UsageError('expected an output, such as out.arrow');
  if (options.shardSize !== undefined && output.endsWith('.arrow'))
    throw new UsageError(
      `--shard-size is for a dataset folder, and ${output} is one file; leave one of them out`,
    );
  const counts = await mergeDatasets(parts, output, {
    overwrite: options.overwrite === true,
    takeOver: options.takeOver === true,
    signal: context.signal,
    ...(options.shardSize === undefined ? {} : { shardBytes: options.shardSize }),
  });
  printResult(context, options, { output, parts: parts.length, ...counts }, (style) => [
    `${style('green', 'done')}  ${formatNoun(parts.length, 'part')}, ${formatNoun(counts.rows, 'row')}, ` +
      `${formatNoun(counts.tokens, 'token')} in ${output}`,
  ]);
}
