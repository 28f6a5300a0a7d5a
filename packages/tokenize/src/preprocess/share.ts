import { InputError, type LauncherVariables, launcherVariables, mention, OptionError, say } from '@mlm/base';

/** Which of several processes this one is. */
export interface Share {
  /** From 0, below `worldSize`. */
  rank: number;
  /** Number of processes. */
  worldSize: number;
}

/** A share as options give it; `slurm-array` stands for the place of this task in its array. */
export interface GivenShare {
  rank?: number | 'slurm-array' | undefined;
  worldSize?: number | undefined;
}

/** A Kubernetes indexed job gives only the index; there is no variable for the size. */
const indexedJob: LauncherVariables = { rank: 'JOB_COMPLETION_INDEX', size: 'JOB_COMPLETIONS' };

function variablesOf(env: NodeJS.ProcessEnv): LauncherVariables | undefined {
  return launcherVariables(env) ?? (env[indexedJob.rank] === undefined ? undefined : indexedJob);
}

/**
 * The share that `rank` and `worldSize` name; without them, the one that a scheduler's variables name; else all of the
 * input.
 * @param env environment variables; default: this process's
 * @throws InputError when only one of the two is known, or the rank is not below the world size; OptionError where options
 * say so
 *
 * @example
 * ```ts
 * import { shareOf } from '@mlm/tokenize';
 *
 * console.log(shareOf({}, { RANK: '1', WORLD_SIZE: '4' }));
 * ```
 */
export function shareOf(given: GivenShare, env: NodeJS.ProcessEnv = process.env): Share {
  if (given.rank === 'slurm-array') return shareOfArray(given.worldSize, env);
  const variables = variablesOf(env);
  const rank = given.rank ?? (variables ? whole(env, variables.rank) : undefined);
  const worldSize = given.worldSize ?? (variables ? whole(env, variables.size) : undefined);
  // A job of one task sets a rank as well; only a rank that was asked for needs its world size.
  if (rank === undefined && worldSize === undefined) return { rank: 0, worldSize: 1 };
  const isGiven = given.rank !== undefined || given.worldSize !== undefined;
  const Wrong = isGiven ? OptionError : InputError;
  if (rank === undefined) throw new Wrong(say`${mention('worldSize', worldSize)} needs ${mention('rank')}`);
  if (worldSize === undefined)
    throw new Wrong(say`${mention('rank', rank)} needs the number of processes: add ${mention('worldSize')}`);
  if (rank >= worldSize) throw new Wrong(`rank ${rank}: expected a rank below the world size ${worldSize}`);
  return { rank, worldSize };
}

/**
 * The scheduler's variables that {@link shareOf} uses, for a message; `undefined` if options alone decide.
 *
 * @example
 * ```ts
 * import { shareVariables } from '@mlm/tokenize';
 *
 * console.log(shareVariables({}, { RANK: '1', WORLD_SIZE: '4' }));
 * ```
 */
export function shareVariables(given: GivenShare, env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (given.rank === 'slurm-array') return `SLURM_ARRAY_TASK_ID=${env.SLURM_ARRAY_TASK_ID}`;
  const variables = variablesOf(env);
  if (!variables) return undefined;
  const used = [given.rank ?? variables.rank, given.worldSize ?? variables.size].filter(
    (name) => typeof name === 'string',
  );
  return used.length === 0 ? undefined : used.map((name) => `${name}=${env[name]}`).join(' and ');
}

/**
 * The file to which a process writes its part: `out.arrow` → `out.part-00000-of-00004.arrow`; the output itself for a
 * single process.
 *
 * @example
 * ```ts
 * import { partPath } from '@mlm/tokenize';
 *
 * console.log(partPath('out.arrow', { rank: 0, worldSize: 4 })); // out.part-00000-of-00004.arrow
 * ```
 */
export function partPath(output: string, { rank, worldSize }: Share): string {
  if (worldSize === 1) return output;
  const digits = (value: number) => String(value).padStart(5, '0');
  return `${output.replace(/\.arrow$|\/+$/, '')}.part-${digits(rank)}-of-${digits(worldSize)}.arrow`;
}

/** The ids of an array's tasks have any minimum and any step: the rank is (ID − MIN) / STEP. */
function shareOfArray(given: number | undefined, env: NodeJS.ProcessEnv): Share {
  const id = whole(env, 'SLURM_ARRAY_TASK_ID');
  if (id === undefined)
    throw new OptionError(
      say`${mention('rank', 'slurm-array')}: this is not a task of a Slurm array (SLURM_ARRAY_TASK_ID is not set)`,
    );
  const least = whole(env, 'SLURM_ARRAY_TASK_MIN') ?? 0;
  const rank = (id - least) / (whole(env, 'SLURM_ARRAY_TASK_STEP') || 1);
  const worldSize = given ?? whole(env, 'SLURM_ARRAY_TASK_COUNT');
  if (worldSize === undefined)
    throw new OptionError(
      say`${mention('rank', 'slurm-array')}: SLURM_ARRAY_TASK_COUNT is not set; add ${mention('worldSize')}`,
    );
  if (!Number.isInteger(rank) || rank < 0 || rank >= worldSize)
    throw new OptionError(
      say`${mention('rank', 'slurm-array')}: task ${id} does not fit an even array of ${worldSize} tasks from ${least}; give ${mention('rank')} as a number`,
    );
  return { rank, worldSize };
}

function whole(env: NodeJS.ProcessEnv, name: string): number | undefined {
  const text = env[name];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(text)) throw new InputError(`${name}=${text}: expected a whole number`);
  return Number(text);
}
