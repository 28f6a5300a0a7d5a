import { formatShape, type Shape, staticShape } from '../../graph/dimension.js';
import { constantOf, type Graph, type NamedValue, type Value } from '../../graph/graph.js';
import { rewrite } from '../../graph/rewrite.js';
import { type AdamWInputs, type InPlaceAdamW, updatesInPlace } from '../../primitives/adamw.js';
import { DROPOUT_MASK } from '../../primitives/dropout-mask.js';

/** Where our kernels find a scalar: a constant, an input of the run, or an output of onnxruntime's graph. */
export type ScalarSource =
  | { readonly value: number }
  | { readonly input: string }
  | { readonly output: string };

/** Where onnxruntime writes a gradient: into an output, or into a variable (a sum over batches). */
export type GradientSource = { readonly output: string } | { readonly variable: string };

type ScalarName =
  | Exclude<keyof AdamWInputs, 'parameter' | 'firstMoment' | 'secondMoment' | 'gradient'>
  | 'epsilon';

/** An AdamW update that runs in place after onnxruntime. */
export interface HostUpdate {
  readonly parameter: string;
  readonly firstMoment: string;
  readonly secondMoment: string;
  readonly gradient: GradientSource;
  readonly scalars: Readonly<Record<ScalarName, ScalarSource>>;
}

/** A dropout mask that is drawn before onnxruntime runs and passed to it as an input. */
export interface HostMask {
  readonly input: string;
  readonly key: string;
  readonly shape: Shape;
  readonly rate: number;
  readonly stream: number;
}

/** The part of a function that our own kernels run, as plain data. */
export interface HostWork {
  readonly updates: readonly HostUpdate[];
  /** The shape of each gradient that is an output of the model, by the output's name. */
  readonly gradients: ReadonlyMap<string, readonly number[]>;
  readonly masks: readonly HostMask[];
}

/** A graph divided between onnxruntime and our own kernels. */
export interface HostPlan extends HostWork {
  /** onnxruntime's part. */
  readonly graph: Graph;
}

/**
 * Moves what our kernels do better out of a graph: dropout masks, which ONNX could not reproduce, and in-place AdamW.
 */
export function planHostWork(graph: Graph, { adamW } = { adamW: true }): HostPlan {
  const { updates, ...engine } = adamW ? planUpdates(graph) : { graph, updates: [], gradients: new Map() };
  const { masks, values } = planMasks(engine.graph);
  const withMasks = { ...engine.graph, inputs: [...graph.inputs, ...new Set(values.values())] };
  return {
    graph: rewrite(withMasks, ({ outputs }) => {
      const drawn = values.get(outputs[0]!);
      return drawn && [drawn];
    }),
    updates,
    gradients: engine.gradients,
    masks,
  };
}

function planUpdates(graph: Graph): Omit<HostPlan, 'masks'> {
  const outputs: Record<string, Value> = { ...graph.outputs };
  const remaining: Record<string, Value> = { ...graph.updates };
  const names = new Map<Value, string>();
  const outputFor = (value: Value): string => {
    const name = names.get(value) ?? `host/${names.size}`;
    names.set(value, name);
    outputs[name] = value;
    return name;
  };
  const gradients = new Map<string, readonly number[]>();
  const found = updatesInPlace(graph);
  for (const { parameter, firstMoment, secondMoment } of found) {
    for (const { name } of [parameter, firstMoment, secondMoment]) delete remaining[name];
  }
  const updates = found.map((update): HostUpdate => {
    const { gradient } = update;
    const variable = Object.keys(remaining).find((name) => remaining[name] === gradient);
    const source = variable === undefined ? { output: outputFor(gradient) } : { variable };
    if ('output' in source) gradients.set(source.output, staticShape(gradient.shape));
    return {
      parameter: update.parameter.name,
      firstMoment: update.firstMoment.name,
      secondMoment: update.secondMoment.name,
      gradient: source,
      scalars: scalarsOf(update, outputFor),
    };
  });
  return { graph: { ...graph, outputs, updates: remaining }, updates, gradients };
}

function scalarsOf(
  { firstKeep, secondKeep, stepSize, secondMomentScale, epsilon, clip, decay }: InPlaceAdamW,
  outputFor: (value: Value) => string,
): HostUpdate['scalars'] {
  const source = (value: Value): ScalarSource => {
    const constant = constantOf(value);
    if (constant !== undefined) return { value: constant };
    return value.name === undefined ? { output: outputFor(value) } : { input: value.name };
  };
  return {
    firstKeep: source(firstKeep),
    secondKeep: source(secondKeep),
    stepSize: source(stepSize),
    secondMomentScale: source(secondMomentScale),
    epsilon: { value: epsilon },
    clip: clip ? source(clip) : { value: 1 },
    decay: decay ? source(decay) : { value: 0 },
  };
}

function planMasks(graph: Graph): { masks: HostMask[]; values: Map<Value, NamedValue> } {
  const masks: HostMask[] = [];
  const values = new Map<Value, NamedValue>();
  // Checkpointing recomputes masks: equal ones are drawn once.
  const drawn = new Map<string, NamedValue>();
  for (const { op, inputs, attributes, outputs } of graph.nodes) {
    if (op !== DROPOUT_MASK) continue;
    const [key] = inputs as [Value];
    if (key.node || key.name === undefined)
      throw new Error('the key of a dropout mask must be an input of the function');
    const { shape, dtype } = outputs[0]!;
    const { rate, stream } = attributes as { rate: number; stream: number };
    const identity = `${key.name} ${stream} ${rate} ${formatShape(shape)}`;
    const known = drawn.get(identity);
    const mask = known ?? { name: `dropout/${masks.length}`, shape, dtype };
    if (!known) masks.push({ input: mask.name, key: key.name, shape, rate, stream });
    drawn.set(identity, mask);
    values.set(outputs[0]!, mask);
  }
  return { masks, values };
}
