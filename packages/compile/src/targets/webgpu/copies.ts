import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { TypedArray } from '../../graph/graph.js';
import type { DeviceCopies } from '../onnx/device-state.js';
import { encodeModel, type OnnxType } from '../onnx/protobuf.js';
import { ortTensor } from '../onnx/runtime.js';
import { createSession } from '../onnx/session.js';
import { explainDeviceError } from './messages.js';

/** Copies by sessions that do nothing else: `getData` of a tensor on a device crashes onnxruntime-node 1.30. */
export class SessionCopies implements DeviceCopies {
  readonly #sessions = new Map<string, Promise<InferenceSession>>();

  constructor(private readonly device: string) {}

  upload(values: Float32Array | Int32Array, shape: readonly number[]): Promise<Tensor> {
    return this.#copy(ortTensor(values, shape), 'gpu-buffer').catch((error: Error) => {
      throw explainDeviceError(this.device, error);
    });
  }

  async download(tensor: Tensor): Promise<TypedArray> {
    return ((await this.#copy(tensor, 'cpu')).data as TypedArray).slice();
  }

  async dispose(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
    this.#sessions.clear();
  }

  async #copy(tensor: Tensor, to: 'cpu' | 'gpu-buffer'): Promise<Tensor> {
    const session = await this.#session(tensor, to);
    const { y } = (await session.run({ x: tensor })) as { y: Tensor };
    return y;
  }

  #session({ type, dims }: Tensor, to: 'cpu' | 'gpu-buffer'): Promise<InferenceSession> {
    const key = `${type} ${dims.length} ${to}`;
    const model = () => copyModel(type as OnnxType, dims.length);
    const session =
      this.#sessions.get(key) ?? createSession(model(), { device: this.device, locations: { y: to } });
    this.#sessions.set(key, session);
    return session;
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
