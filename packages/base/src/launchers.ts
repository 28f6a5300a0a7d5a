/**
 * The variables in which a launcher gives each process its rank and the number of processes. Slurm's are those of a
 * step: a batch script without srun is one process, whatever SLURM_NTASKS says.
 */
const launchers = [
  { rank: 'SLURM_PROCID', size: 'SLURM_STEP_NUM_TASKS' },
  { rank: 'OMPI_COMM_WORLD_RANK', size: 'OMPI_COMM_WORLD_SIZE' },
  { rank: 'PMI_RANK', size: 'PMI_SIZE' },
  // torchrun
  { rank: 'RANK', size: 'WORLD_SIZE' },
] as const;

/** Whether a variable says something: a container's `-e RANK=` sets it to nothing. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value.trim() !== '';
}

/** The names of a launcher's variables. */
export interface LauncherVariables {
  /** The variable that holds this process's rank, from 0. */
  rank: string;
  /** The variable that holds the number of processes. */
  size: string;
}

/**
 * The variables of the launcher that started this process, both of which are set; `undefined` if none did.
 *
 * @example
 * ```ts
 * import { launcherVariables } from '@mlm/base';
 *
 * console.log(launcherVariables({ RANK: '1', WORLD_SIZE: '4' }));
 * ```
 */
export function launcherVariables(env: NodeJS.ProcessEnv = process.env): LauncherVariables | undefined {
  return launchers.find(({ rank, size }) => isSet(env[rank]) && isSet(env[size]));
}

/**
 * The setting that makes this one of several processes of a launcher, such as `WORLD_SIZE=4`; `undefined` if it runs
 * alone.
 *
 * @example
 * ```ts
 * import { severalProcesses } from '@mlm/base';
 *
 * console.log(severalProcesses({ RANK: '1', WORLD_SIZE: '4' })); // WORLD_SIZE=4
 * ```
 */
export function severalProcesses(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const size = launchers.map(({ size }) => size).find((size) => Number(env[size]) > 1);
  return size && `${size}=${env[size]}`;
}
