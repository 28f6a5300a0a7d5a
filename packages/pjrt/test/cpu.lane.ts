import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, PjrtError, Plugin } from '../src/index.js';

const path = process.env.MLM_PJRT_PLUGIN;
if (!path) throw new Error('MLM_PJRT_PLUGIN must name a CPU plugin; interop/xla/run downloads one');

const plugin = await Plugin.load(path);
let client: Client;
beforeAll(async () => {
  client = await plugin.createClient({ cpu_device_count: 2 });
});
afterAll(() => client.destroy());

/** 64 KiB: a buffer lost at each of 800 steps would be 50 MiB. */
const size = 1 << 14;

/** weight ← weight + x in place, and the sum of the new weight. */
const step = `module @step {
  func.func public @main(%weight: tensor<${size}xf32> {tf.aliasing_output = 0 : i32}, %x: tensor<${size}xf32>)
      -> (tensor<${size}xf32>, tensor<f32>) {
    %zero = stablehlo.constant dense<0.0> : tensor<f32>
    %new = stablehlo.add %weight, %x : tensor<${size}xf32>
    %sum = stablehlo.reduce(%new init: %zero) applies stablehlo.add across dimensions = [0]
      : (tensor<${size}xf32>, tensor<f32>) -> tensor<f32>
    return %new, %sum : tensor<${size}xf32>, tensor<f32>
  }
}`;

/** The sum of x over two replicas. */
const total = `module @total attributes {mhlo.num_replicas = 2 : i32} {
  func.func public @main(%x: tensor<2xf32>) -> tensor<2xf32> {
    %sum = "stablehlo.all_reduce"(%x) <{replica_groups = dense<[[0, 1]]> : tensor<1x2xi64>}> ({
    ^bb0(%a: tensor<f32>, %b: tensor<f32>):
      %s = stablehlo.add %a, %b : tensor<f32>
      stablehlo.return %s : tensor<f32>
    }) : (tensor<2xf32>) -> tensor<2xf32>
    return %sum : tensor<2xf32>
  }
}`;

describe('a client', () => {
  it('has the requested devices', () => {
    expect(client.platform).toBe('cpu');
    expect(client.devices.map(({ id }) => id)).toEqual([0, 1]);
    expect(plugin.apiVersion).toMatch(/^0\.\d+$/);
  });

  it('copies arrays of every element type to a device and back', async () => {
    const arrays = [
      Float32Array.of(1, -0, 3e38),
      Int32Array.of(-7),
      Uint8Array.of(0, 255),
      new Float32Array(0),
      BigInt64Array.of(-(2n ** 63n)),
    ];
    for (const array of arrays) {
      const buffer = client.upload(array, [array.length], { device: client.devices[1]! });
      expect(await buffer.download()).toEqual(array);
      buffer.destroy();
    }
    const scalar = client.upload(Float32Array.of(5), []);
    expect(await scalar.download()).toEqual(Float32Array.of(5));
    scalar.destroy();
    const bits = client.upload(Uint16Array.of(0x3f80), [1], { type: 'bfloat16' });
    expect([bits.type, await bits.download()]).toEqual(['bfloat16', Uint16Array.of(0x3f80)]);
    bits.destroy();
    expect(() => client.upload(new Float32Array(3), [2, 2])).toThrow(
      '3 elements does not fit the shape [2,2]',
    );
  });

  it('throws XLA’s error for an invalid program', async () => {
    const wrong = client.compile(
      'module { func.func public @main() -> tensor<f32> { return %x : tensor<f32> } }',
    );
    await expect(wrong).rejects.toThrow(/XLA, Client_Compile: \w+: .*undeclared SSA value/);
    await expect(wrong).rejects.toBeInstanceOf(PjrtError);
    await expect(client.compile(step, { flags: { no_such_flag: 1 } })).rejects.toThrow('no_such_flag');
  });

  it('throws XLA’s error for arguments that do not fit', async () => {
    const program = await client.compile(step);
    const scalar = client.upload(Float32Array.of(1), []);
    await expect(program.execute([[scalar, scalar]])).rejects.toThrow(
      /LoadedExecutable_Execute: INVALID_ARGUMENT/,
    );
    await expect(program.execute([[scalar]])).rejects.toThrow(/INVALID_ARGUMENT/);
    scalar.destroy();
    expect(() => scalar.pointer).toThrow('destroyed');
    program.destroy();
    await expect(program.execute([[]])).rejects.toThrow('the executable has been destroyed');
  });
});

describe('a program', () => {
  it('takes over donated buffers and frees every handle, over 1,000 steps', async () => {
    const before = client.live;
    const program = await client.compile(step);
    expect(program.memory()).toMatchObject({ aliased: 4 * size, arguments: 8 * size });
    let weight = client.upload(new Float32Array(size), [size]);
    // One array for all steps: memory that waits for the garbage collector would hide what is lost.
    const values = new Float32Array(size);
    const resident: number[] = [];
    for (let i = 1; i <= 1000; i++) {
      const x = client.upload(values.fill(i), [size]);
      const [[next, sum]] = (await program.execute([[weight, x]])) as [[typeof weight, typeof weight]];
      await expect(weight.download()).rejects.toThrow(/donated|deleted/i);
      for (const old of [weight, x]) old.destroy();
      weight = next;
      expect((await sum.download())[0]).toBe((size * i * (i + 1)) / 2);
      sum.destroy();
      expect(client.live).toBe(before + 2);
      if (i % 200 === 0) resident.push(process.memoryUsage().rss);
    }
    weight.destroy();
    program.destroy();
    expect(client.live).toBe(before);
    expect(resident.at(-1)! - resident[0]!).toBeLessThan(40 << 20);
  });

  it('runs on several devices at once, with collectives', async () => {
    const program = await client.compile(total, { replicas: 2 });
    const inputs = client.devices.map((device, i) => [
      client.upload(Float32Array.of(i + 1, 10), [2], { device }),
    ]);
    const outputs = await program.execute(inputs);
    for (const [sum] of outputs) expect(await sum!.download()).toEqual(Float32Array.of(3, 20));
    for (const buffer of [...inputs, ...outputs].flat()) buffer.destroy();
    program.destroy();
  });

  it('computes the same after serialization', async () => {
    const program = await client.compile(step);
    const again = await client.deserialize(program.serialize());
    program.destroy();
    const inputs = [
      client.upload(new Float32Array(size).fill(1), [size]),
      client.upload(new Float32Array(size), [size]),
    ];
    const [[weight, sum]] = (await again.execute([inputs])) as [typeof inputs];
    expect(await sum!.download()).toEqual(Float32Array.of(size));
    for (const buffer of [...inputs, weight!, sum!]) buffer.destroy();
    again.destroy();
    await expect(client.deserialize(new Uint8Array(16))).rejects.toBeInstanceOf(PjrtError);
  });
});

describe('destroy', () => {
  it('frees a client’s remaining resources', async () => {
    const other = await plugin.createClient({ cpu_device_count: 1 });
    const program = await other.compile(step);
    const buffer = other.upload(new Float32Array(4), [4]);
    expect(other.live).toBe(2);
    other.destroy();
    other.destroy();
    expect(other.live).toBe(0);
    expect(() => other.upload(new Float32Array(1), [1])).toThrow('destroyed');
    await expect(buffer.download()).rejects.toThrow('destroyed');
    await expect(program.execute([[buffer]])).rejects.toThrow('destroyed');
  });
});
