import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { messageText } from '@mlm/base/errors';
import type { Device, Engine, Precision } from '@mlm/compile';
import { DRIVER_FILE, hasTfjsNodePackage, readInstallation } from '@mlm/compile/tensorflow';
import { readXlaInstallation } from '@mlm/compile/xla';
import { type EnginePlace, type EngineProbe, probeEngine } from './probe.js';

/** The requested engine and device; `auto` leaves the choice to {@link chooseEngine}. */
export interface EngineWish {
  engine: Engine | 'auto';
  device: Device | 'auto';
  /** `bf16` limits the choice to XLA and TensorFlow, `tf32` to these on CUDA. Default: `fp32`. */
  precision?: Precision;
}

/** The chosen engine and device. */
export interface EngineChoice {
  engine: Engine;
  device: Device;
  /** Why they were chosen, in a few words for the user. */
  reason: string;
}

/** What is known about the machine; tests replace it. */
export interface MachineFacts {
  /** Whether TensorFlow is set up, without (`cpu`) or with (`gpu`) CUDA. */
  tensorflow: 'cpu' | 'gpu' | undefined;
  /** The devices that XLA is set up for. */
  xla: readonly Device[];
  /** Whether NVIDIA's driver is loaded. */
  nvidiaDriver: boolean;
  /** Whether there is a GPU that WebGPU could use. Software renderers do not count. */
  gpu: boolean;
  /** Tries an engine on a device. */
  probe(place: EnginePlace): Promise<EngineProbe>;
}

/**
 * Chooses an engine and a device where the request says `auto`. In order of preference: XLA on CUDA; TensorFlow on
 * CUDA; onnxruntime on WebGPU, if its matrix product is faster than the CPU's; TensorFlow on the CPU; onnxruntime on
 * the CPU. XLA and TensorFlow must be set up. A device is tried, in a separate process, only if its driver is
 * installed.
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
      tried.push(`XLA on CUDA: ${messageText(probe.error ?? [])}`);
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
  // Explicit requests are not second-guessed: if something is missing, the engine says so itself.
  if (device === 'cuda') return choice(engine === 'auto' ? 'tensorflow' : engine, 'cuda', 'as asked');
  if (device === 'webgpu') return choice(engine === 'auto' ? 'onnx' : engine, 'webgpu', 'as asked');
  if (engine !== 'auto') return choice(engine, 'cpu', why);
  // The CPU was requested, so only TensorFlow had to be looked for.
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
  if (engine === 'eager') return 'the eager engine runs only on the CPU';
  return found.tensorflow === 'gpu' ? "NVIDIA's driver is not loaded" : 'TensorFlow is not set up with CUDA';
}

const choice = (
  engine: EngineChoice['engine'],
  device: EngineChoice['device'],
  reason: string,
): EngineChoice => ({ engine, device, reason });

async function machineFacts(): Promise<MachineFacts> {
  // TensorFlow set up by another copy of this package is useless without tfjs-node beside this one.
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

/** On Linux, every GPU with a driver has a render node. */
async function hasRenderNode(): Promise<boolean> {
  const names = await readdir('/dev/dri').catch(() => []);
  return names.some((name) => name.startsWith('renderD'));
}

/**
 * The devices that XLA is set up for. `MLM_PJRT_PLUGIN` does not count, since it does not say which device it is for.
 */
async function xlaDevices(): Promise<Device[]> {
  const devices = ['cuda', 'rocm', 'tpu'] as const;
  const records = await Promise.all(devices.map((device) => readXlaInstallation(device)));
  return devices.filter((_, i) => records[i]);
}
