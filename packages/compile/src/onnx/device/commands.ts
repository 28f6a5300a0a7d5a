import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * The command that fetches onnxruntime's CUDA provider: a script of onnxruntime-node itself, which lies where the package
 * manager has put it.
 */
export function cudaProviderCommand(): string {
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const script = join(dirname(manifest), 'script', 'install.js');
  return `node ${script.includes(' ') ? `'${script}'` : script} --onnxruntime-node-install=cuda12`;
}

const packageManagers = [
  ['/usr/bin/apt-get', 'apt-get install libvulkan1 mesa-vulkan-drivers'],
  ['/usr/bin/dnf', 'dnf install vulkan-loader mesa-vulkan-drivers'],
  ['/usr/bin/pacman', 'pacman -S vulkan-icd-loader'],
] as const;

/** The command that installs what WebGPU needs beside a GPU; undefined where the system brings it or is not known. */
export function webgpuDriverCommand(exists: (path: string) => boolean = existsSync): string | undefined {
  return packageManagers.find(([program]) => exists(program))?.[1];
}
