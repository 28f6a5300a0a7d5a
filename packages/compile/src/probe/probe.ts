import { fileURLToPath } from 'node:url';
import { lastWords, runCommand } from '../tensorflow/setup/command.js';

/** An engine and a place where it runs, as `compile` takes them. */
export interface EngineTarget {
  target: 'onnx' | 'tensorflow' | 'eager';
  device: 'cpu' | 'webgpu' | 'cuda';
}

export const engineTargets: readonly EngineTarget[] = [
  { target: 'onnx', device: 'cpu' },
  { target: 'onnx', device: 'webgpu' },
  { target: 'onnx', device: 'cuda' },
  { target: 'tensorflow', device: 'cpu' },
  { target: 'tensorflow', device: 'cuda' },
  { target: 'eager', device: 'cpu' },
];

/** What became of trying an engine. */
export interface EngineProbe extends EngineTarget {
  works: boolean;
  /** The engine's name and version: `onnxruntime 1.30.0`. */
  version?: string;
  /** Rate of a 1024 × 1024 float32 matrix product (256 × 256 on the eager engine). */
  matmul_gflops?: number;
  /** Time of one gradient step of a small dense layer. */
  step_milliseconds?: number;
  /** Why it does not work, on one line. */
  error?: string;
  /** What gets it to work, where that is known. */
  remedy?: string;
}

const timeoutMilliseconds = 60_000;

/**
 * Runs a matrix product and a training step on an engine, in a process of its own, so that a crash of a native library
 * or of a driver becomes an answer.
 *
 * @param env environment of that process; `MLM_TENSORFLOW_HOME` names the TensorFlow to try
 */
export async function probeEngine(
  { target, device }: EngineTarget,
  signal: AbortSignal = AbortSignal.timeout(timeoutMilliseconds),
  env: NodeJS.ProcessEnv = process.env,
): Promise<EngineProbe> {
  // From sources (tests) the compiled script in dist is run; src and dist have the same depth.
  const script = fileURLToPath(new URL('./probe_process.js', import.meta.url)).replace('/src/', '/dist/');
  const result = await runCommand(process.execPath, [script, target, device], { signal, env });
  const line = result.stdout.split('\n').find((text) => text.startsWith('{'));
  if (result.code === 0 && line !== undefined) {
    return { target, device, works: true, ...(JSON.parse(line) as Partial<EngineProbe>) };
  }
  const error = shorten(lastWords(result, 1)) || `its process ended with ${result.code ?? 'a crash'}`;
  const remedy = remedies[`${target} ${device}`];
  return { target, device, works: false, error, ...(remedy === undefined ? {} : { remedy }) };
}

/** Native errors begin with where in the sources they arose; the last sentence says what happened. */
function shorten(error: string): string {
  return error.replace(/^.*?(?:was false\. |\[ONNXRuntimeError\] : \d+ : \w+ : )/, '');
}

const remedies: Record<string, string> = {
  'onnx cpu': 'pnpm install',
  'onnx webgpu': 'a GPU with a driver for Vulkan, Metal or Direct3D 12',
  'onnx cuda':
    'an NVIDIA driver, and the CUDA libraries of onnxruntime-node: node node_modules/onnxruntime-node/script/install',
  'tensorflow cpu': 'mlm setup tensorflow',
  'tensorflow cuda': 'an NVIDIA driver, and: mlm setup tensorflow --gpu',
};
