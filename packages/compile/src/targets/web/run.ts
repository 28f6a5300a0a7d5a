import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { Executable, ExecutableInput } from '../../executable.js';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { resolveInputs } from '../inputs.js';
import { outputName, updateName } from '../onnx/model.js';
import type { Device, Variables } from '../target.js';
import { copyInto, emptyValue, initialValue, pick } from '../variables.js';
import { webRuntime } from './runtime.js';

/** Variables as tensors of onnxruntime-web, which stay in the GPU's memory once a run has computed them. */
export class WebState {
  readonly #tensors = new Map<string, Tensor>();

  constructor(private readonly specs: Variables) {
    for (const [name, spec] of Object.entries(specs)) this.#set(name, initialValue(name, spec));
  }

  current(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new TypeError(`there is no variable '${name}', or the executable has been disposed of`);
    return tensor;
  }

  /** Replaces a variable's value by a run's result, and frees the old one. */
  replace(name: string, tensor: Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tensor);
  }

  async read(names: readonly string[] = [...this.#tensors.keys()]): Promise<Record<string, TypedArray>> {
    const values: Record<string, TypedArray> = {};
    for (const [name, tensor] of pick(this.#tensors, names)) {
      values[name] = ((await tensor.getData()) as TypedArray).slice();
    }
    return values;
  }

  write(values: Readonly<Record<string, TypedArray>>): void {
    for (const [name, spec] of pick(new Map(Object.entries(this.specs)), Object.keys(values))) {
      const array = emptyValue(spec);
      copyInto(name, array, values[name]!);
      this.#set(name, array);
    }
  }

  dispose(): void {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
  }

  #set(name: string, array: Float32Array | Int32Array): void {
    this.replace(name, tensorOf(array, this.specs[name]!.shape));
  }
}

/** Runs a graph in onnxruntime-web. The new values of variables become inputs of the next run. */
export class WebExecutable implements Executable {
  private constructor(
    private readonly session: InferenceSession,
    private readonly graph: Graph,
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    readonly state: WebState,
    private readonly ownsState: boolean,
  ) {}

  static async create(
    model: Uint8Array,
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    { state, owned, device }: { readonly state: WebState; readonly owned: boolean; readonly device: Device },
  ): Promise<WebExecutable> {
    const kept = device === 'webgpu' ? 'gpu-buffer' : 'cpu';
    const session = await webRuntime().InferenceSession.create(model, {
      executionProviders: [device === 'webgpu' ? 'webgpu' : 'wasm'],
      preferredOutputLocation: Object.fromEntries([
        ...Object.keys(graph.outputs).map((name) => [outputName(graph, name), 'cpu'] as const),
        ...Object.keys(graph.updates).map((name) => [updateName(name), kept] as const),
      ]),
      graphOptimizationLevel: 'all',
    });
    return new WebExecutable(session, graph, inputs, state, owned);
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const { inputs } = resolveInputs(this.inputs, given);
    const { inputNames } = this.session;
    const feeds: Record<string, Tensor> = {};
    for (const [name, { data, shape }] of Object.entries(inputs)) {
      if (inputNames.includes(name)) feeds[name] = tensorOf(data, shape);
    }
    for (const { name } of this.graph.variables) {
      if (inputNames.includes(name)) feeds[name] = this.state.current(name);
    }
    const results = await this.session.run(feeds);
    for (const name of Object.keys(this.graph.updates)) this.state.replace(name, results[updateName(name)]!);
    const values = Object.keys(this.graph.outputs).map(
      (name) => [name, results[outputName(this.graph, name)]!.data as TypedArray] as const,
    );
    return Object.fromEntries(values);
  }

  read(names?: readonly string[]): Promise<Record<string, TypedArray>> {
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

function tensorOf(data: TypedArray, shape: readonly number[]): Tensor {
  const { Tensor } = webRuntime();
  if (data instanceof Float32Array) return new Tensor('float32', data, shape);
  return data instanceof Int32Array ? new Tensor('int32', data, shape) : new Tensor('bool', data, shape);
}
