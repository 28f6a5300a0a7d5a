import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { ExecutableInput } from '../../executable.js';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { type ResolvedInput, resolveInputs } from '../inputs.js';
import { StatefulExecutable } from '../stateful.js';
import type { DeviceState } from './device-state.js';
import { outputName, updateName } from './model.js';

/** A graph and its inputs' specs, loaded as a session of onnxruntime. */
export interface LoadedGraph {
  readonly session: InferenceSession;
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, InputSpec>>;
}

/** Where a session places the graph's results: outputs on the host, new values of variables where they are asked for. */
export function resultLocations(
  graph: Graph,
  updates: Tensor.DataLocation,
): Record<string, Tensor.DataLocation> {
  return Object.fromEntries([
    ...Object.keys(graph.outputs).map((name) => [outputName(graph, name), 'cpu'] as const),
    ...Object.keys(graph.updates).map((name) => [updateName(name), updates] as const),
  ]);
}

/**
 * Runs a graph in onnxruntime, on the device of a {@link DeviceState}, where the new values of variables become inputs of
 * the next run. Only inputs and outputs are copied.
 */
export abstract class DeviceExecutable extends StatefulExecutable<DeviceState> {
  constructor(
    protected readonly loaded: LoadedGraph,
    state: DeviceState,
    ownsState: boolean,
  ) {
    super(state, ownsState);
  }

  /** A tensor over the given array, which is not copied. */
  protected abstract tensor(data: TypedArray, shape: readonly number[]): Tensor;

  /** Runs the session; `inputs` are those of the run, for messages. */
  protected predict(
    feeds: Record<string, Tensor>,
    _inputs: readonly ResolvedInput[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    return this.loaded.session.run(feeds);
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const { session, graph } = this.loaded;
    const { inputs } = resolveInputs(this.loaded.inputs, given);
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(inputs)) {
      if (session.inputNames.includes(name)) feeds[name] = this.tensor(data, shape);
    }
    for (const { name } of graph.variables) {
      if (session.inputNames.includes(name)) feeds[name] = this.state.current(name);
    }
    const results = await this.predict(feeds, Object.values(inputs));
    for (const name of Object.keys(graph.updates)) this.state.replace(name, results[updateName(name)]!);
    const outputs = Object.keys(graph.outputs).map(
      (name) => [name, results[outputName(graph, name)]!.data as TypedArray] as const,
    );
    return Object.fromEntries(outputs);
  }

  protected release(): Promise<void> {
    return this.loaded.session.release();
  }
}
