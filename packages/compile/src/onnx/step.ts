import type { InferenceSession, Tensor } from 'onnxruntime-common';
import { sizeOf, staticShape } from '../graph/dimension.js';
import type { Graph, TypedArray } from '../graph/graph.js';
import { HostMemory } from '../host/memory.js';
import { simplifyForOnnx } from '../simplify/simplify.js';
import { resolveInputs } from '../step/inputs.js';
import type { Step, StepInput } from '../step/step.js';
import type { InputSpec } from '../trace/trace.js';
import { HostRunner } from './host_runner.js';
import { type HostPlan, planHostWork } from './host_work.js';
import { outputName, toOnnx, updateName } from './model.js';
import { ortTensor } from './runtime.js';
import { createSession, type SessionOptions } from './session.js';
import type { OnnxState } from './state.js';

/** Runs a graph in onnxruntime. Variables stay in the arrays of an `OnnxState`, which several steps may share. */
export class OnnxStep implements Step {
  private constructor(
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    readonly state: OnnxState,
    private readonly ownsState: boolean,
    private readonly host: HostRunner | undefined,
    private readonly results: readonly string[],
  ) {}

  static async create(
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    state: { readonly variables: OnnxState; readonly owned: boolean },
    options: SessionOptions,
  ): Promise<OnnxStep> {
    const { variables, owned } = state;
    const plan = planFor(graph, variables);
    const session = await createSession(toOnnx(simplifyForOnnx(plan.graph)), options);
    const host = plan.updates.length + plan.masks.length > 0 ? new HostRunner(plan, variables) : undefined;
    return new OnnxStep(session, plan.graph, inputs, variables, owned, host, Object.keys(graph.outputs));
  }

  async run(given: Readonly<Record<string, StepInput>>): Promise<Record<string, TypedArray>> {
    const { inputs, sizes } = resolveInputs(this.inputs, given);
    const feeds: Record<string, Tensor> = { ...this.host?.drawMasks(inputs, sizes) };
    for (const [name, { data, shape }] of Object.entries(inputs)) feeds[name] = ortTensor(data, shape);
    for (const { name } of this.graph.variables) {
      if (this.session.inputNames.includes(name!)) feeds[name!] = this.state.current(name!);
    }
    const results = await this.session.run(feeds, this.fetches());
    for (const name of Object.keys(this.graph.updates)) this.state.advance(name);
    this.host?.update(inputs, results);
    return Object.fromEntries(
      this.results.map((name) => [name, results[outputName(this.graph, name)]!.data as TypedArray]),
    );
  }

  /** Where the engine writes: arrays that exist already, but for the outputs, which the caller keeps. */
  private fetches(): Record<string, Tensor | null> {
    const fetches: Record<string, Tensor | null> = {};
    for (const [name, { shape }] of Object.entries(this.graph.outputs)) {
      const gradient = this.host?.gradients.get(name);
      fetches[outputName(this.graph, name)] = gradient ? ortTensor(gradient, shape as number[]) : null;
    }
    for (const name of Object.keys(this.graph.updates)) fetches[updateName(name)] = this.state.next(name);
    return fetches;
  }

  async read(names?: readonly string[]): Promise<Record<string, TypedArray>> {
    return this.state.read(names);
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    this.state.write(values);
  }

  async dispose(): Promise<void> {
    await this.session.release();
    if (this.ownsState) this.state.dispose();
  }
}

/** Divides the graph; where the memory has no room for gradients, updates stay in the engine. */
function planFor(graph: Graph, { memory }: OnnxState): HostPlan {
  const plan = planHostWork(graph);
  const assigned = plan.graph.variables.filter(({ name }) => plan.graph.updates[name!]);
  const lengths = [...plan.gradients.values(), ...assigned.map(({ shape }) => sizeOf(staticShape(shape)))];
  const bytes = lengths.reduce((sum, length) => sum + HostMemory.bytesOf(length), 0);
  return bytes <= (memory?.free ?? 0) ? plan : planHostWork(graph, { adamW: false });
}
