import { fileURLToPath } from 'node:url';
import type { MessageParts } from '@mlm/base/errors';
import { type CommandResult, entryPoint, lastWords, reportedParts, runCommand } from '@mlm/base/spawn';
import { type Device, type Engine, targets } from '@mlm/compile';

/** An engine and a device, as `compile` takes them. */
export interface EnginePlace {
  engine: Engine;
  device: Device;
}

/** All engines on all their devices, in the order of reports. */
export const enginePlaces: readonly EnginePlace[] = targets.flatMap(({ engine, devices }) =>
  devices.map((device) => ({ engine, device })),
);

/** The result of trying an engine on a device. */
export interface EngineProbe extends EnginePlace {
  works: boolean;
  /** The engine's name and version: `onnxruntime 1.30.0`. */
  version?: string;
  /** Speed of a 1024 × 1024 float32 matrix product (256 × 256 on the eager engine) in GFLOP/s. */
  matmul_gflops?: number;
  /** Time of a gradient step of a small dense layer in ms. */
  step_milliseconds?: number;
  /** Why it does not work, in one line; `messageText` of `@mlm/base` turns it into text. */
  error?: MessageParts;
  /** How to make it work, if that is known. */
  remedy?: MessageParts | undefined;
}

const timeoutMilliseconds = 120_000;

/**
 * Tries an engine: runs a matrix product and a training step in a separate process, so that crashes of native libraries
 * and drivers are caught.
 *
 * @param signal aborts the trial, which otherwise ends after two minutes at most
 * @param env environment of the process; `MLM_TENSORFLOW_HOME` and `MLM_XLA_HOME` name the installations to try
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
  const error = timeout.aborted ? ['no answer within two minutes'] : whatWentWrong(result, device);
  const remedy = targets
    .find((target) => target.engine === engine && target.devices.includes(device))
    ?.remedy(device);
  return { engine, device, works: false, error, remedy };
}

/** The error of the process, without the device that our own errors begin with: readers of a probe know it. */
function whatWentWrong(result: CommandResult, device: Device): MessageParts {
  const parts = reportedParts(result)?.filter((part) => part !== '');
  if (!parts) {
    const end = result.code === null ? 'its process crashed' : `its process ended with code ${result.code}`;
    return [shorten(lastWords(result, 1)) || end];
  }
  const [first, second, ...rest] = parts;
  const namesDevice =
    typeof first === 'object' && 'option' in first && first.option === 'device' && first.value === device;
  if (namesDevice && typeof second === 'string') return [second.replace(/^: /, ''), ...rest];
  return parts.map((part) => (typeof part === 'string' ? shorten(part) : part));
}

/** Removes the source location that native errors begin with. */
function shorten(error: string): string {
  return error.replace(/^.*?(?:was false\. |\[ONNXRuntimeError\] : \d+ : \w+ : )/, '');
}
