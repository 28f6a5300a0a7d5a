import { existsSync } from 'node:fs';

const packageManagers = [
  ['/usr/bin/apt-get', 'apt-get install libvulkan1 mesa-vulkan-drivers'],
  ['/usr/bin/dnf', 'dnf install vulkan-loader mesa-vulkan-drivers'],
  ['/usr/bin/pacman', 'pacman -S vulkan-icd-loader'],
] as const;

/** The command that installs what WebGPU needs besides a GPU; undefined if the system includes it or is unknown. */
export function webgpuDriverCommand(exists: (path: string) => boolean = existsSync): string | undefined {
  return packageManagers.find(([program]) => exists(program))?.[1];
}
