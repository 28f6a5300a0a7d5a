import { webgpuDriverCommand } from '../onnx/device/commands.js';
import type { EngineTarget } from './probe.js';

const remedies: Record<string, () => string> = {
  'onnx cpu': () => 'pnpm install',
  'onnx webgpu': () => webgpuDriverCommand() ?? 'a GPU with a driver for Vulkan, Metal or Direct3D 12',
  'tensorflow cpu': () => 'mlm setup tensorflow',
  'tensorflow cuda': () => "mlm setup tensorflow --gpu (beside NVIDIA's driver)",
};

/** What gets an engine to work on a device, where that is known. */
export function remedyFor({ target, device }: EngineTarget): string | undefined {
  return remedies[`${target} ${device}`]?.();
}
