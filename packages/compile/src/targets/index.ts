import { InputError, type MessageParts, mention, say } from '@mlm/base/errors';
import { eager } from './eager/target.js';
import { onnx } from './onnx/target.js';
import { type Capabilities, type Device, type Precision, precisions, type Target } from './target.js';
import { tensorflow } from './tensorflow/target.js';
import { webgpu } from './webgpu/target.js';
import { xla } from './xla/target.js';

/** All targets, in the order in which engines are tried and reported. */
const list = [onnx, webgpu, tensorflow, xla, eager] as const;

/** The runtime of a compiled function; see `CompileOptions`. */
export type Engine = (typeof list)[number]['engine'];

/** All targets. */
export const targets: readonly (Target & { readonly engine: Engine })[] = list;

/** The names of all engines. */
export const engines: readonly Engine[] = [...new Set(targets.map(({ engine }) => engine))];

/**
 * Returns the target of an engine on a device. There is no fallback to another device or precision.
 *
 * @throws TypeError if there is no such engine; InputError if it lacks the device or the precision
 *
 * @example
 * ```ts
 * import { targetFor } from '@mlm/compile';
 *
 * console.log(await targetFor('onnx', 'cpu', 'fp32').version('cpu'));
 * ```
 */
export function targetFor(engine: Engine, device: Device, precision: Precision): (typeof targets)[number] {
  const own = targets.filter((target) => target.engine === engine);
  if (own.length === 0) throw new TypeError(`unknown engine '${engine}'; use ${engines.join(', ')}`);
  if (!precisions.includes(precision)) {
    throw new InputError(
      say`${mention('precision', precision)}: unknown precision; use ${precisions.join(', ')}`,
    );
  }
  const places = targets.flatMap((target) =>
    (target.precisions[precision] ?? []).map((on): Place => ({ target, device: on })),
  );
  const products = `${precisionNames[precision]} matrix products`;
  if (precision !== 'fp32' && !places.some((place) => place.device === device)) {
    throw new InputError(
      say`${mention('precision', precision)}: no engine supports ${products} on ${device}; use ${choices(places)}, or ${mention('precision', 'fp32')}`,
    );
  }
  const found = own.find(({ devices }) => devices.includes(device));
  if (!found) {
    const known = own.flatMap(({ devices }) => devices);
    const there = choices(places.filter((place) => place.device === device));
    throw new InputError(
      say`${mention('device', device)}: the engine ${engine} runs only on ${known.join(', ')}; use ${there}${there.length > 0 ? ', or ' : ''}${mention('device', known.join(' or '))}`,
    );
  }
  if (!found.precisions[precision]?.includes(device)) {
    throw new InputError(
      say`${mention('precision', precision)}: the engine ${engine} does not support ${products}; use ${choices(places)}, or ${mention('precision', 'fp32')}`,
    );
  }
  return found;
}

/**
 * The engines that have a capability.
 *
 * @example
 * ```ts
 * import { enginesWith } from '@mlm/compile';
 *
 * console.log(enginesWith('staticShapes')); // ['xla']
 * ```
 */
export const enginesWith = (capability: keyof Capabilities): readonly Engine[] =>
  engines.filter((engine) => targets.some((target) => target.engine === engine && target[capability]));

interface Place {
  readonly target: Target;
  readonly device: Device;
}

const precisionNames: Readonly<Record<Precision, string>> = {
  fp32: 'float32',
  tf32: 'TF32',
  bf16: 'bfloat16',
};

/**
 * Lists the choices, such as `engine: tensorflow on device: cpu or cuda (after setupTensorflow())`; empty if there are
 * none.
 */
function choices(places: readonly Place[]): MessageParts {
  return [...new Set(places.map(({ target }) => target))].flatMap((target, index) => {
    const devices = places.filter((place) => place.target === target).map(({ device }) => device);
    const remedy = target.remedy(devices[0]!);
    const place = say`${mention('engine', target.engine)} on ${mention('device', devices.join(' or '))}`;
    return [...(index === 0 ? [] : [' or ']), ...place, ...(remedy ? say` (after ${remedy})` : [])];
  });
}
