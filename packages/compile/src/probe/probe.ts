import { fileURLToPath } from 'node:url';
import { lastWords, runCommand } from '../tensorflow/setup/command.js';
import { remedyFor } from './remedies.js';

/** An engine and a place where it runs, as `compile` takes them. */
export interface EngineTarget {
  target: 'onnx' | 'tensorflow' | 'eager';
  device: 'cpu' | 'webgpu' | 'cuda';
}

/** All engines on all devices, in the order in which `mlm doctor` tells of them. */
export const engineTargets: readonly EngineTarget[] = [
  { target: 'onnx', device: 'cpu' },
  { target: 'onnx', device: 'webgpu' },
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

const timeoutMilliseconds = 120_000;

/**
 * Runs a matrix product and a training step on an engine, in a process of its own, so that a crash of a native library
 * or of a driver becomes an answer.
 *
 * @param signal ends the trial; it also ends by itself after two minutes
 * @param env environment of that process; `MLM_TENSORFLOW_HOME` names the TensorFlow to try
 */
export async function probeEngine(
  { target, device }: EngineTarget,
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<EngineProbe> {
  // From sources (tests) the compiled script in dist is run; src and dist have the same depth.
  const script = fileURLToPath(new URL('./probe-process.js', import.meta.url)).replace('/src/', '/dist/');
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const result = await runCommand(process.execPath, [script, target, device], { signal: either, env });
  const line = result.stdout.split('\n').find((text) => text.startsWith('{'));
  if (result.code === 0 && line !== undefined) {
    return { target, device, works: true, ...(JSON.parse(line) as Partial<EngineProbe>) };
  }
  const words = timeout.aborted ? 'it gave no answer within two minutes' : shorten(lastWords(result, 1));
  const error = words || `its process ended with ${result.code ?? 'a crash'}`;
  const remedy = remedyFor({ target, device });
  return { target, device, works: false, error, ...(remedy === undefined ? {} : { remedy }) };
}

/**
 * Native errors begin with where in the sources they arose; the last sentence says what happened. Ours begin with the
 * device, which whoever shows a probe says anyway.
 */
function shorten(error: string): string {
  return error
    .replace(/^--device \w+: /, '')
    .replace(/^.*?(?:was false\. |\[ONNXRuntimeError\] : \d+ : \w+ : )/, '');
}
