import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { type ResolvedInput, rowsOf } from '../inputs.js';
import { DeviceExecutable, type LoadedGraph, resultLocations } from '../onnx/device-executable.js';
import type { DeviceState } from '../onnx/device-state.js';
import { ortTensor } from '../onnx/runtime.js';
import { createSession } from '../onnx/session.js';
import { explainDeviceError } from './messages.js';
import { formatPlacements, Profile } from './placement.js';

/** Runs a graph in onnxruntime on a GPU. Variables, moments and gradients stay in its memory. */
export class WebgpuExecutable extends DeviceExecutable {
  private constructor(
    loaded: LoadedGraph,
    state: DeviceState,
    ownsState: boolean,
    private readonly device: string,
    private profile: Profile | undefined,
  ) {
    super(loaded, state, ownsState);
  }

  static async create(
    model: Uint8Array,
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    {
      state,
      owned,
      device,
    }: { readonly state: DeviceState; readonly owned: boolean; readonly device: string },
  ): Promise<WebgpuExecutable> {
    // Set by `mlm --debug`: prints where each operation of the first run ran.
    const profile = process.env.MLM_DEBUG ? await Profile.create() : undefined;
    const session = await createSession(model, {
      device,
      locations: resultLocations(graph, 'gpu-buffer'),
      profile: profile?.prefix,
    });
    return new WebgpuExecutable({ session, graph, inputs }, state, owned, device, profile);
  }

  protected tensor(data: TypedArray, shape: readonly number[]): Tensor {
    return ortTensor(data, shape);
  }

  protected override async predict(
    feeds: Record<string, Tensor>,
    inputs: readonly ResolvedInput[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const results = await super.predict(feeds, inputs).catch((error: Error) => {
      throw explainDeviceError(this.device, error, rowsOf(inputs));
    });
    if (this.profile) {
      process.stderr.write(`${formatPlacements(await this.profile.finish(this.loaded.session))}\n`);
      this.profile = undefined;
    }
    return results;
  }
}
