import { fileURLToPath } from 'node:url';
import type { MessageParts } from '@mlm/base/errors';
import { type CommandResult, entryPoint, lastWords, reportedParts, runCommand } from '@mlm/base/spawn';
import { type Device, type Engine, targets } from '@mlm/compile';

/** An engine and a device, as `compile` takes them. */
export interface EnginePlace {
  engine: Engine;
  device: Device;
}

/** All engines on all their devices, in the order in which they are reported. */
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
  /** Why it does not work, on one line; `messageText` of `@mlm/base` writes it out. */
  error?: MessageParts;
  /** What gets it to work, where that is known. */
  remedy?: MessageParts | undefined;
}

const timeoutMilliseconds = 120_000;

/**
 * Runs a matrix product and a training step on an engine, in a separate process, so that a crash of a native library
 * or of a driver becomes an answer.
 *
 * @param signal ends the trial; it also ends by itself after two minutes
 * @param env environment of that process; `MLM_TENSORFLOW_HOME` names the TensorFlow to try
 *
 * @example
 * ```ts
 * import { enginePlaces, probeEngine } from '@mlm/engines';
 *
 * for (const place of enginePlaces) console.log(place.engine, place.device, (await probeEngine(place)).works);
 * ```
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
  const error = timeout.aborted ? ['it gave no answer within two minutes'] : whatWentWrong(result, device);
  const remedy = targets
    .find((target) => target.engine === engine && target.devices.includes(device))
    ?.remedy(device);
  return { engine, device, works: false, error, remedy };
}

/** The process's last words. Our own errors begin with the device, which whoever shows a probe says anyway. */
function whatWentWrong(result: CommandResult, device: Device): MessageParts {
  const parts = reportedParts(result)?.filter((part) => part !== '');
  if (!parts) return [shorten(lastWords(result, 1)) || `its process ended with ${result.code ?? 'a crash'}`];
  const [first, second, ...rest] = parts;
  const namesDevice =
    typeof first === 'object' && 'option' in first && first.option === 'device' && first.value === device;
  if (namesDevice && typeof second === 'string') return [second.replace(/^: /, ''), ...rest];
  return parts.map((part) => (typeof part === 'string' ? shorten(part) : part));
}

/** Native errors begin with where in the sources they arose; the last sentence says what happened. */
function shorten(error: string): string {
  return error.replace(/^.*?(?:was false\. |\[ONNXRuntimeError\] : \d+ : \w+ : )/, '');
}
