import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What a figure depends on beside the code. */
export function machine() {
  const info = os.platform() === 'linux' ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  const flags = new Set(/^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(' '));
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    vectors: ['avx2', 'avx512f', 'avx512_bf16', 'amx_bf16'].filter((flag) => flags.has(flag)),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()}`,
    node: process.version,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** @param {ReturnType<typeof machine>} found */
export function describeMachine({ cpu, cores, vectors, memoryGiB, system, node, date }) {
  return `${cpu}, ${cores} cores, ${vectors.join(' ')}, ${memoryGiB} GiB, ${system}, Node ${node}, ${date}`;
}
