import { fileURLToPath } from 'node:url';
import { entryPoint, lastWords, runCommand } from '@mlm/base/spawn';
import { type Device, type Engine, targets } from '@mlm/compile';

/** An engine and a device, as `compile` takes them. */
export interface EnginePlace {
  engine: Engine;
  device: Device;
}

/** All engines on all their devices, in the order in which `mlm doctor` tells of them. */
export const enginePlaces: readonly EnginePlace[] = targets.flatMap(({ engine, devices }) =>
  devices.map((device) => ({ engine, device })),
);

/** What became of trying an engine. */
export interface EngineProbe extends EnginePlace {
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
  { engine, device }: EnginePlace,
  signal?: AbortSignal,
  env: NodeJS.ProcessEnv = process.env,
): Promise<EngineProbe> {
  const script = fileURLToPath(entryPoint(import.meta.url, './probe-process.js'));
  const timeout = AbortSignal.timeout(timeoutMilliseconds);
  const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
  const result = await runCommand(process.execPath, [script, engine, device], { signal: either, env });
  const line = result.stdout.split('\n').find((text) => text.startsWith('{'));
  if (result.code === 0 && line !== undefined) {
    return { engine, device, works: true, ...(JSON.parse(line) as Partial<EngineProbe>) };
  }
  const words = timeout.aborted ? 'it gave no answer within two minutes' : shorten(lastWords(result, 1));
  const error = words || `its process ended with ${result.code ?? 'a crash'}`;
  const remedy = targets
    .find((target) => target.engine === engine && target.devices.includes(device))
    ?.remedy(device);
  return { engine, device, works: false, error, ...(remedy === undefined ? {} : { remedy }) };
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
