import { expect, it } from 'vitest';
import { launcherVariables, severalProcesses } from './launchers.js';

it.each([
  [{ RANK: '1', WORLD_SIZE: '4' }, 'WORLD_SIZE=4'],
  [{ SLURM_PROCID: '0', SLURM_STEP_NUM_TASKS: '2' }, 'SLURM_STEP_NUM_TASKS=2'],
  [{ OMPI_COMM_WORLD_RANK: '0', OMPI_COMM_WORLD_SIZE: '3' }, 'OMPI_COMM_WORLD_SIZE=3'],
  [{ PMI_RANK: '0', PMI_SIZE: '8' }, 'PMI_SIZE=8'],
  // A batch script that reserved four tasks and starts one process without srun.
  [{ SLURM_PROCID: '0', SLURM_NTASKS: '4' }, undefined],
  [{ RANK: '0', WORLD_SIZE: '1' }, undefined],
  [{}, undefined],
])('%j is one of several processes: %s', (env, several) => {
  expect(severalProcesses(env)).toBe(several);
  if (several) expect(launcherVariables(env)?.size).toBe(several.split('=')[0]);
});

it('empty variables count as not set', () => {
  expect(launcherVariables({ RANK: '', WORLD_SIZE: '' })).toBeUndefined();
  expect(launcherVariables({ RANK: '', WORLD_SIZE: '', PMI_RANK: '1', PMI_SIZE: '2' })?.rank).toBe(
    'PMI_RANK',
  );
});
