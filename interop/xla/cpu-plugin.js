// Downloads the PJRT plugin for the CPU that the XLA lane tests with, once, and prints its path.  node cpu-plugin.js
// The engine's own set-up has none: PyPI's plugins for the CPU are for tests, and the all-reduce of others deadlocks.
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fetchWheel, findWheel } from '../../packages/engines/dist/index.js';

const wheel = {
  name: 'lammps-jax-pjrt-cpu',
  version: '0.11.2',
  sha256: '1319390d948b39f69f7dade496b7c385149d9ca6097a6b62114da113216d9ad1',
};

const folder = fileURLToPath(new URL(`../.cache/xla/${wheel.version}`, import.meta.url));
const plugin = `${folder}/lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so`;
if (!existsSync(plugin)) {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await fetchWheel(await findWheel(wheel), partial);
  await rename(partial, folder);
}
console.log(plugin);
