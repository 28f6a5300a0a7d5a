import { partPath, type Share, shareOf, shareVariables } from '@mlm/tokenize/preprocess';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { refuseShardSize } from '../../options/shared.js';
import type { PreprocessSettings } from './options.js';

/** The share of the work that options or a scheduler's variables give this process. */
export function shareFor(
  { env }: Pick<Context, 'env'>,
  { rank, worldSize }: Pick<PreprocessSettings, 'rank' | 'worldSize'>,
): Share {
  return shareOf({ rank, worldSize }, env);
}

/** Says which share this process does, where it is not all of the work or may be less than was meant. */
export function reportShare(
  context: Context,
  { rank, worldSize, quiet }: PreprocessSettings,
  share: Share,
): void {
  const variables = shareVariables({ rank, worldSize }, context.env);
  const task = context.env.SLURM_ARRAY_TASK_ID;
  if (task !== undefined && rank === undefined && share.worldSize === 1)
    context.stderr.write(
      `mlm: task ${task} of a Slurm array processes the whole input; --rank slurm-array divides it among the tasks\n`,
    );
  // A share that nobody typed may be a mistake, so it is reported even with --quiet.
  if (share.worldSize > 1 && (!quiet || variables !== undefined)) {
    const source = variables ?? '--rank and --world-size';
    context.stderr.write(`mlm: part ${share.rank} (from 0) of ${share.worldSize} only, by ${source}\n`);
  }
}

/** A shell pattern for the parts of all processes. */
export function partPattern(output: string, { worldSize }: Share): string {
  return partPath(output, { rank: 0, worldSize }).replace('.part-00000-', '.part-*-');
}

/** @throws UsageError for options that this kind of output makes idle or impossible */
export function refuseByOutput(options: PreprocessSettings, output: string, { worldSize }: Share): void {
  const { resume, shardBytes, evalFraction } = options;
  if (shardBytes !== undefined && worldSize > 1)
    throw new UsageError('--shard-size: a part is one file; give it to `mlm merge`');
  refuseShardSize(shardBytes, output);
  if (output !== '-') return;
  if (evalFraction > 0)
    throw new UsageError(
      '--eval-fraction: one stream cannot keep validation rows apart; write to a file or a folder',
    );
  if (resume) throw new UsageError('--resume: a stream begins anew each time; write to a file or a folder');
}
