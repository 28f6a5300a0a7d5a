import type { Variable } from '@tensorflow/tfjs-core';
import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';
import type { VariableSpec } from '../../trace/trace.js';
import { encodeModel, type OnnxType } from '../onnx/protobuf.js';
import { ortTensor } from '../onnx/runtime.js';
import { createSession } from '../onnx/session.js';
import { copyInto, emptyValue, fillInitial, pick } from '../variables.js';
import { explainDeviceError } from './messages.js';

type Variables = Readonly<Record<string, VariableSpec | Variable>>;

/** Variables in a device's memory, which executables can share. They are copied to the host only when they are read. */
export class WebgpuVariables {
  readonly #copies = new Map<string, Promise<InferenceSession>>();
  readonly #tensors = new Map<string, Tensor>();

  private constructor(
    readonly device: string,
    private readonly specs: ReadonlyMap<string, VariableSpec | Variable>,
  ) {}

  static async create(device: string, variables: Variables): Promise<WebgpuVariables> {
    const created = new WebgpuVariables(device, new Map(Object.entries(variables)));
    for (const [name, spec] of created.specs) {
      const array = emptyValue(spec);
      fillInitial(name, spec, array);
      await created.#upload(name, array);
    }
    return created;
  }

  current(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor)
      throw new TypeError(`there is no variable '${name}', or the executable has been disposed of`);
    return tensor;
  }

  /** Replaces a variable's value by a tensor in the device's memory, and frees the old one. */
  replace(name: string, tensor: Tensor): void {
    this.#tensors.get(name)?.dispose();
    this.#tensors.set(name, tensor);
  }

  async read(names: readonly string[] = [...this.specs.keys()]): Promise<Record<string, TypedArray>> {
    const values: Record<string, TypedArray> = {};
    for (const [name] of pick(this.specs, names)) {
      const session = await this.#copySession(this.current(name), 'cpu');
      const { y } = await session.run({ x: this.current(name) });
      values[name] = (y!.data as TypedArray).slice();
    }
    return values;
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    for (const [name, spec] of pick(this.specs, Object.keys(values))) {
      const array = emptyValue(spec);
      copyInto(name, array, values[name]!);
      await this.#upload(name, array);
    }
  }

  async dispose(): Promise<void> {
    for (const tensor of this.#tensors.values()) tensor.dispose();
    this.#tensors.clear();
    for (const session of this.#copies.values()) await (await session).release();
    this.#copies.clear();
  }

  async #upload(name: string, array: Float32Array | Int32Array): Promise<void> {
    const tensor = ortTensor(array, this.specs.get(name)!.shape);
    const session = await this.#copySession(tensor, 'gpu-buffer');
    const { y } = await session.run({ x: tensor }).catch((error: Error) => {
      throw explainDeviceError(this.device, error);
    });
    this.replace(name, y!);
  }

  /** A session that only copies: `getData` of a tensor on a device crashes onnxruntime-node 1.30. */
  #copySession({ type, dims }: Tensor, to: 'cpu' | 'gpu-buffer'): Promise<InferenceSession> {
    const key = `${type} ${dims.length} ${to}`;
    const known = this.#copies.get(key);
    if (known) return known;
    const model = copyModel(type as OnnxType, dims.length);
    const created = createSession(model, { device: this.device, locations: { y: to } });
    this.#copies.set(key, created);
    return created;
  }
}

/** A model that returns its input. */
export function copyModel(type: OnnxType, rank: number): Uint8Array {
  const dims = Array.from({ length: rank }, (_, axis) => `size${axis}`);
  return encodeModel({
    nodes: [{ opType: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} }],
    initializers: [],
    inputs: [{ name: 'x', type, dims }],
    outputs: [{ name: 'y', type, dims }],
  });
}
