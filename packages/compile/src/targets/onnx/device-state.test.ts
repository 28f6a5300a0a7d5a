import type { Tensor } from 'onnxruntime-common';
import { expect, test } from 'vitest';
import type { TypedArray } from '../../graph/graph.js';
import { StatefulExecutable } from '../stateful.js';
import { type DeviceCopies, DeviceState } from './device-state.js';

const specs = Object.fromEntries(
  ['a', 'b', 'c'].map((name) => [name, { shape: [2], dtype: 'float32' as const }]),
);

/** A device whose memory holds so many tensors; it counts how often each is freed. */
class Device implements DeviceCopies {
  readonly freed: number[] = [];
  closed = 0;

  constructor(private readonly room = Number.POSITIVE_INFINITY) {}

  async upload(values: Float32Array | Int32Array): Promise<Tensor> {
    const i = this.freed.length;
    if (i >= this.room) throw new Error('out of memory');
    this.freed.push(0);
    return { data: values, dispose: () => void this.freed[i]!++ } as unknown as Tensor;
  }

  async download(tensor: Tensor): Promise<TypedArray> {
    return (tensor.data as Float32Array).slice();
  }

  async dispose(): Promise<void> {
    this.closed++;
  }
}

test('variables are read as they were written, and each tensor is freed once', async () => {
  const device = new Device();
  const state = await DeviceState.create(specs, device);
  await state.write({ b: Float32Array.of(3, 4) });
  expect(await state.read(['a', 'b'])).toEqual({ a: new Float32Array(2), b: Float32Array.of(3, 4) });
  await state.dispose();
  expect(device).toMatchObject({ freed: [1, 1, 1, 1], closed: 1 });
  await expect(state.read(['a'])).rejects.toThrow('has been disposed of');
});

test('where memory does not suffice for all variables, that of the others is freed', async () => {
  const device = new Device(2);
  await expect(DeviceState.create(specs, device)).rejects.toThrow('out of memory');
  expect(device).toMatchObject({ freed: [1, 1], closed: 1 });
});

test('variables are freed even if the rest of the executable cannot be', async () => {
  class Broken extends StatefulExecutable<DeviceState> {
    override async run() {
      return {};
    }
    protected override async release() {
      throw new Error('the session is gone');
    }
  }
  const device = new Device();
  const executable = new Broken(await DeviceState.create(specs, device), true);
  await expect(executable.dispose()).rejects.toThrow('the session is gone');
  expect(device).toMatchObject({ freed: [1, 1, 1], closed: 1 });
});
