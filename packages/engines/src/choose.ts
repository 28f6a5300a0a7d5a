import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { messageText } from '@mlm/base/errors';
import type { Device, Engine, Precision } from '@mlm/compile';
import { DRIVER_FILE, hasTfjsNodePackage, readInstallation } from '@mlm/compile/tensorflow';
import { readXlaInstallation } from '@mlm/compile/xla';
import { type EnginePlace, type EngineProbe, probeEngine } from './probe.js';

/** The engine and device that a caller wants; `auto` lets the machine decide. */
export interface EngineWish {
  engine: Engine | 'auto';
  device: Device | 'auto';
  /** `bf16` leaves XLA and TensorFlow, which alone have it; `tf32` both on CUDA. Default `fp32`. */
  precision?: Precision;
}

/** What was picked, and why. */
export interface EngineChoice {
  engine: Engine;
  device: Device;
  /** Why, in some words; for a person to read. */
  reason: string;
}

/** What is known of the machine; replaced in tests. */
export interface MachineFacts {
  /** TensorFlow is set up: without, or with CUDA's libraries. */
  tensorflow: 'cpu' | 'gpu' | undefined;
  /** The devices that XLA is set up for. */
  xla: readonly Device[];
  nvidiaDriver: boolean;
  /** A GPU that WebGPU could use; renderers in software do not count. */
  gpu: boolean;
  probe(target: EnginePlace): Promise<EngineProbe>;
}

/**
 * Picks an engine and a device where they are left to `auto`: CUDA through XLA where it was set up and works, else through
 * TensorFlow, else WebGPU where its matrix product is faster than the CPU's, else TensorFlow on the CPU where it was set up, else
 * onnxruntime on the CPU. A device is tried, in a separate process, only if its driver is installed.
 *
 * @example
 * ```ts
 * import { chooseEngine } from '@mlm/engines';
 *
 * const { engine, device, reason } = await chooseEngine({ engine: 'auto', device: 'auto' });
 * console.log(engine, device, reason);
 * ```
 */
export async function chooseEngine(wish: EngineWish, facts?: MachineFacts): Promise<EngineChoice> {
  const { precision = 'fp32' } = wish;
  const device = wish.device === 'auto' && precision === 'tf32' ? 'cuda' : wish.device;
  if (wish.engine !== 'auto' && device !== 'auto') return choice(wish.engine, device, 'as asked');
  const found = facts ?? (await machineFacts());
  const tried: string[] = [];
  if (['auto', 'xla'].includes(wish.engine) && ['auto', 'cuda'].includes(device)) {
    if (found.xla.includes('cuda') && found.nvidiaDriver) {
      const probe = await found.probe({ engine: 'xla', device: 'cuda' });
      if (probe.works) return choice('xla', 'cuda', `XLA works on CUDA, ${probe.matmul_gflops} GFLOP/s`);
      tried.push(`XLA on CUDA: ${probe.error}`);
    }
  }
  if (wish.engine === 'xla') return choice('xla', found.xla[0] ?? 'cuda', 'as asked');
  const engine = wish.engine === 'auto' && precision !== 'fp32' ? 'tensorflow' : wish.engine;
  if (engine !== 'auto' && device !== 'auto') return choice(engine, device, 'as asked');
  const allowed = (target: Engine, on: Device) =>
    (engine === 'auto' || engine === target) && (device === 'auto' || device === on);
  if (allowed('tensorflow', 'cuda') && found.tensorflow === 'gpu' && found.nvidiaDriver) {
    const probe = await found.probe({ engine: 'tensorflow', device: 'cuda' });
    if (probe.works) return choice('tensorflow', 'cuda', `CUDA works, ${probe.matmul_gflops} GFLOP/s`);
    tried.push(`CUDA: ${messageText(probe.error ?? [])}`);
  }
  if (allowed('onnx', 'webgpu') && found.gpu) {
    const probe = await found.probe({ engine: 'onnx', device: 'webgpu' });
    const cpu = await found.probe({ engine: 'onnx', device: 'cpu' });
    const [gpuRate, cpuRate] = [probe.matmul_gflops ?? 0, cpu.matmul_gflops ?? 0];
    if (probe.works && gpuRate > cpuRate) {
      return choice('onnx', 'webgpu', `${gpuRate} GFLOP/s there, ${cpuRate} on the CPU`);
    }
    tried.push(
      probe.works ? `WebGPU is slower than the CPU here` : `WebGPU: ${messageText(probe.error ?? [])}`,
    );
  }
  const why = tried.length > 0 ? tried.join('; ') : notTried(found, engine);
  // What is asked for by name is not second-guessed: where it is missing, the engine says so itself.
  if (device === 'cuda') return choice(engine === 'auto' ? 'tensorflow' : engine, 'cuda', 'as asked');
  if (device === 'webgpu') return choice(engine === 'auto' ? 'onnx' : engine, 'webgpu', 'as asked');
  if (engine !== 'auto') return choice(engine, 'cpu', why);
  // On the CPU, where it was asked for, nothing but TensorFlow was looked for.
  if (device === 'cpu')
    return found.tensorflow
      ? choice('tensorflow', 'cpu', 'TensorFlow is set up')
      : choice('onnx', 'cpu', 'TensorFlow is not set up');
  if (found.tensorflow) return choice('tensorflow', 'cpu', `${why}; TensorFlow is set up`);
  return choice('onnx', 'cpu', why);
}

/** Why no device was tried. */
function notTried(found: MachineFacts, engine: EngineWish['engine']): string {
  if (!found.gpu) return 'no GPU was found';
  if (engine === 'eager') return 'the eager engine runs there alone';
  return found.tensorflow === 'gpu' ? "NVIDIA's driver is not loaded" : 'TensorFlow is not set up with CUDA';
}

const choice = (
  engine: EngineChoice['engine'],
  device: EngineChoice['device'],
  reason: string,
): EngineChoice => ({ engine, device, reason });

async function machineFacts(): Promise<MachineFacts> {
  // What was set up for another copy of this package is of no use without tfjs-node beside this one.
  const installation = hasTfjsNodePackage() ? await readInstallation() : undefined;
  const nvidiaDriver = existsSync(DRIVER_FILE);
  return {
    tensorflow: installation && (installation.gpu ? 'gpu' : 'cpu'),
    xla: await xlaDevices(),
    nvidiaDriver,
    gpu: process.platform !== 'linux' || nvidiaDriver || (await hasRenderNode()),
    probe: probeEngine,
  };
}

/** Linux offers a render node for each GPU that has a driver. */
async function hasRenderNode(): Promise<boolean> {
  const names = await readdir('/dev/dri').catch(() => []);
  return names.some((name) => name.startsWith('renderD'));
}

/** `MLM_PJRT_PLUGIN` does not say for which device it is: the one that was asked for is tried. */
async function xlaDevices(): Promise<Device[]> {
  const devices = ['cuda', 'rocm', 'tpu'] as const;
  const records = await Promise.all(devices.map((device) => readXlaInstallation(device)));
  return devices.filter((_, i) => records[i]);
}
