import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Graph, TypedArray } from '../graph/graph.js';
import { resolveInputs } from '../step/inputs.js';
import type { Step, StepInput } from '../step/step.js';
import type { InputSpec } from '../trace/trace.js';
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
  ) {}

  static async create(
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    state: { readonly variables: OnnxState; readonly owned: boolean },
    options: SessionOptions,
  ): Promise<OnnxStep> {
    const session = await createSession(toOnnx(graph), options);
    return new OnnxStep(session, graph, inputs, state.variables, state.owned);
  }

  async run(given: Readonly<Record<string, StepInput>>): Promise<Record<string, TypedArray>> {
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(resolveInputs(this.inputs, given))) {
      feeds[name] = ortTensor(data, shape);
    }
    for (const { name } of this.graph.variables) feeds[name!] = this.state.current(name!);
    const updated = Object.keys(this.graph.updates);
    const fetches: Record<string, Tensor | null> = {};
    for (const name of Object.keys(this.graph.outputs)) fetches[outputName(this.graph, name)] = null;
    for (const name of updated) fetches[updateName(name)] = this.state.next(name);
    const results = await this.session.run(feeds, fetches);
    for (const name of updated) this.state.advance(name);
    return Object.fromEntries(
      Object.keys(this.graph.outputs).map((name) => [
        name,
        results[outputName(this.graph, name)]!.data as TypedArray,
      ]),
    );
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
