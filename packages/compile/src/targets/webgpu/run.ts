import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Executable, ExecutableInput } from '../../executable.js';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { resolveInputs, rowsOf } from '../inputs.js';
import { outputName, updateName } from '../onnx/model.js';
import { ortTensor } from '../onnx/runtime.js';
import { createSession } from '../onnx/session.js';
import { explainDeviceError } from './messages.js';
import { formatPlacements, Profile } from './placement.js';
import type { WebgpuVariables } from './variables.js';

/**
 * Runs a graph in onnxruntime on a GPU. Variables, moments and gradients stay in the device's memory, where the new
 * values of a run become inputs of the next. Only inputs and outputs are copied.
 */
export class WebgpuExecutable implements Executable {
  private constructor(
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    readonly variables: WebgpuVariables,
    private readonly owned: boolean,
    private profile: Profile | undefined,
  ) {}

  static async create(
    model: Uint8Array,
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    { variables, owned }: { readonly variables: WebgpuVariables; readonly owned: boolean },
  ): Promise<WebgpuExecutable> {
    const locations = Object.fromEntries([
      ...Object.keys(graph.outputs).map((name) => [outputName(graph, name), 'cpu'] as const),
      ...Object.keys(graph.updates).map((name) => [updateName(name), 'gpu-buffer'] as const),
    ]);
    // Set by `mlm --debug`: prints where each operation of the first run ran.
    const profile = process.env.MLM_DEBUG ? await Profile.create() : undefined;
    const { device } = variables;
    const session = await createSession(model, {
      device,
      locations,
      profile: profile?.prefix,
    });
    return new WebgpuExecutable(session, graph, inputs, variables, owned, profile);
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const feeds: Record<string, Tensor> = {};
    const { inputs } = resolveInputs(this.inputs, given);
    for (const [name, { data, shape }] of Object.entries(inputs)) {
      if (this.session.inputNames.includes(name)) feeds[name] = ortTensor(data, shape);
    }
    for (const { name } of this.graph.variables) {
      if (this.session.inputNames.includes(name)) feeds[name] = this.variables.current(name);
    }
    const results = await this.session.run(feeds).catch((error: Error) => {
      throw explainDeviceError(this.variables.device, error, rowsOf(Object.values(inputs)));
    });
    if (this.profile) {
      process.stderr.write(`${formatPlacements(await this.profile.finish(this.session))}\n`);
      this.profile = undefined;
    }
    for (const name of Object.keys(this.graph.updates)) {
      this.variables.replace(name, results[updateName(name)]!);
    }
    return Object.fromEntries(
      Object.keys(this.graph.outputs).map((name) => [
        name,
        results[outputName(this.graph, name)]!.data as TypedArray,
      ]),
    );
  }

  read(names?: readonly string[]): Promise<Record<string, TypedArray>> {
    return this.variables.read(names);
  }

  write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    return this.variables.write(values);
  }

  async dispose(): Promise<void> {
    await this.session.release();
    if (this.owned) await this.variables.dispose();
  }
}
