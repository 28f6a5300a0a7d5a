import { InputError } from '@mlm/base/errors';
import { partPath, type Share, shareOf, shareVariables } from '@mlm/tokenize/preprocess';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { spell } from '../../options/flags.js';
import type { PreprocessSettings } from './command.js';

/** The share of the work that options or a scheduler's variables give this process; says so where it is not all. */
export function shareFor(context: Context, { rank, worldSize, quiet }: PreprocessSettings): Share {
  const given = { rank, worldSize };
  let share: Share;
  try {
    share = shareOf(given, context.env);
  } catch (error) {
    const isTyped = rank !== undefined || worldSize !== undefined;
    throw error instanceof InputError && isTyped ? new UsageError(spell(error.parts)) : error;
  }
  const variables = shareVariables(given, context.env);
  const task = context.env.SLURM_ARRAY_TASK_ID;
  if (task !== undefined && rank === undefined && share.worldSize === 1)
    context.stderr.write(
      `mlm: task ${task} of a Slurm array works on all of this input; --rank slurm-array divides it among the tasks\n`,
    );
  // A script for all tasks may have been started as one process: what nobody typed is said even with --quiet.
  if (share.worldSize > 1 && (!quiet || variables !== undefined)) {
    const source = variables ?? '--rank and --world-size';
    context.stderr.write(`mlm: part ${share.rank} (from 0) of ${share.worldSize} only, by ${source}\n`);
  }
  return share;
}

/** The parts of all processes as a shell pattern. */
export function partPattern(output: string, { worldSize }: Share): string {
  return partPath(output, { rank: 0, worldSize }).replace('.part-00000-', '.part-*-');
}

/** @throws UsageError for options that would change nothing beside the others, or spoil the output */
export function refuseIdleOptions(options: PreprocessSettings, output: string, { worldSize }: Share): void {
  const { overflow, lineByLine, overwrite, resume, shardBytes, evalFraction } = options;
  if (overflow === 'truncate' && !lineByLine)
    throw new UsageError('--overflow truncate is for --line-by-line: packed rows cut no text; leave it out');
  if (overwrite && resume)
    throw new UsageError('--overwrite begins anew and --resume goes on; give one of them');
  if (shardBytes !== undefined && worldSize > 1)
    throw new UsageError('--shard-size: a part is one file; give it to `mlm merge`');
  if (shardBytes !== undefined && (output === '-' || output.endsWith('.arrow')))
    throw new UsageError(`--shard-size is for a dataset folder, and ${output} is none; leave it out`);
  if (output === '-' && evalFraction > 0)
    throw new UsageError(
      '--eval-fraction: one stream cannot keep validation rows apart; write to a file or a folder',
    );
}
