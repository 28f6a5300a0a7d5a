import { call, say } from '@mlm/base/errors';
import { expect, test } from 'vitest';
import { chooseEngine, type MachineFacts } from './choose.js';
import type { EnginePlace } from './probe.js';

// Simulated machines: these prove the choice and its words, not that any device works.
const rates: Record<string, number> = {
  'xla cuda': 40_000,
  'tensorflow cuda': 30_000,
  'onnx webgpu': 3_000,
  'onnx cpu': 200,
};

function machine(facts: Partial<MachineFacts>, broken: readonly string[] = []): MachineFacts {
  const probe = async ({ engine, device }: EnginePlace) => {
    const name = `${engine} ${device}`;
    if (broken.includes(name)) return { engine, device, works: false, error: ['it is broken'] };
    return { engine, device, works: true, matmul_gflops: rates[name] ?? 1 };
  };
  return { tensorflow: undefined, xla: [], nvidiaDriver: false, gpu: false, probe, ...facts };
}

const auto = { engine: 'auto', device: 'auto' } as const;
const cuda = machine({ tensorflow: 'gpu', nvidiaDriver: true, gpu: true });

test('nothing found: onnxruntime on the CPU', async () => {
  expect(await chooseEngine(auto, machine({}))).toEqual({
    engine: 'onnx',
    device: 'cpu',
    reason: 'no GPU was found',
  });
});

test('TensorFlow set up: it runs on the CPU, and on CUDA where that works', async () => {
  expect(await chooseEngine(auto, machine({ tensorflow: 'cpu' }))).toMatchObject({
    engine: 'tensorflow',
    device: 'cpu',
  });
  expect(await chooseEngine(auto, cuda)).toMatchObject({ engine: 'tensorflow', device: 'cuda' });
});

test('a GPU without CUDA: WebGPU where it is faster than the CPU, and works', async () => {
  const gpu = machine({ gpu: true });
  expect(await chooseEngine(auto, gpu)).toMatchObject({ engine: 'onnx', device: 'webgpu' });
  const broken = machine({ gpu: true }, ['onnx webgpu']);
  expect(await chooseEngine(auto, broken)).toEqual({
    engine: 'onnx',
    device: 'cpu',
    reason: 'WebGPU: it is broken',
  });
});

test('what is asked for by name stays', async () => {
  expect(await chooseEngine({ engine: 'eager', device: 'auto' }, cuda)).toMatchObject({
    engine: 'eager',
    device: 'cpu',
  });
  expect(await chooseEngine({ engine: 'auto', device: 'cuda' }, machine({}))).toMatchObject({
    engine: 'tensorflow',
    device: 'cuda',
  });
  expect(await chooseEngine({ engine: 'onnx', device: 'auto' }, cuda)).toMatchObject({
    engine: 'onnx',
    device: 'webgpu',
  });
  expect(await chooseEngine({ engine: 'auto', device: 'cpu' }, cuda)).toMatchObject({
    engine: 'tensorflow',
    device: 'cpu',
  });
});

test('the reason is what was looked at', async () => {
  const reason = async (wish: Parameters<typeof chooseEngine>[0], facts: MachineFacts) =>
    (await chooseEngine(wish, facts)).reason;
  const cpu = { engine: 'auto', device: 'cpu' } as const;
  expect(await reason(cpu, cuda)).toBe('TensorFlow is set up');
  expect(await reason(cpu, machine({ gpu: true }))).toBe('TensorFlow is not set up');
  const tensorflow = { engine: 'tensorflow', device: 'auto' } as const;
  expect(await reason(tensorflow, machine({ tensorflow: 'cpu' }))).toBe('no GPU was found');
  expect(await reason(tensorflow, machine({ tensorflow: 'cpu', nvidiaDriver: true, gpu: true }))).toBe(
    'TensorFlow is not set up with CUDA',
  );
  expect(await reason(tensorflow, machine({ tensorflow: 'gpu', gpu: true }))).toBe(
    "NVIDIA's driver is not loaded",
  );
  expect(await reason({ engine: 'eager', device: 'auto' }, cuda)).toBe(
    'the eager engine runs only on the CPU',
  );
});

test('tf32 leaves TensorFlow on CUDA alone, which says itself where it is missing', async () => {
  const wish = { ...auto, precision: 'tf32' } as const;
  const wanted = { engine: 'tensorflow', device: 'cuda' };
  expect(await chooseEngine(wish, machine({ gpu: true }))).toMatchObject(wanted);
  expect(await chooseEngine(wish, machine({}))).toMatchObject(wanted);
});

test('bf16 leaves TensorFlow alone, whatever else is faster', async () => {
  const wish = { ...auto, precision: 'bf16' } as const;
  expect(await chooseEngine(wish, machine({ gpu: true }))).toMatchObject({ engine: 'tensorflow' });
  expect(await chooseEngine({ ...wish, engine: 'onnx' }, machine({}))).toMatchObject({ engine: 'onnx' });
});

test('XLA on CUDA comes first once it was set up and works, in every precision', async () => {
  const both = machine({ xla: ['cuda'], tensorflow: 'gpu', nvidiaDriver: true, gpu: true });
  for (const precision of ['fp32', 'tf32', 'bf16'] as const) {
    expect(await chooseEngine({ ...auto, precision }, both)).toEqual({
      engine: 'xla',
      device: 'cuda',
      reason: 'XLA works on CUDA, 40000 GFLOP/s',
    });
  }
  expect(await chooseEngine({ engine: 'auto', device: 'cuda' }, both)).toMatchObject({ engine: 'xla' });
  expect(await chooseEngine({ engine: 'auto', device: 'cpu' }, both)).toMatchObject({ engine: 'tensorflow' });
  expect(await chooseEngine({ engine: 'tensorflow', device: 'auto' }, both)).toMatchObject({
    engine: 'tensorflow',
    device: 'cuda',
  });
});

test('an error that names a function is written out in the reason', async () => {
  const probe = async ({ engine, device }: EnginePlace) => ({
    engine,
    device,
    works: false,
    error: say`run ${call('setupXla')} again`,
  });
  const facts = machine({ xla: ['cuda'], tensorflow: 'gpu', nvidiaDriver: true, gpu: true, probe });
  const again = 'run setupXla() again';
  expect((await chooseEngine(auto, facts)).reason).toContain(
    `XLA on CUDA: ${again}; CUDA: ${again}; WebGPU: ${again}`,
  );
});

test('where XLA does not work, or has no driver, the others follow; asked for by name it stays', async () => {
  const facts = { xla: ['cuda'], tensorflow: 'gpu', nvidiaDriver: true, gpu: true } as const;
  const tensorflow = { engine: 'tensorflow', device: 'cuda' };
  expect(await chooseEngine(auto, machine(facts, ['xla cuda']))).toMatchObject(tensorflow);
  const dead = machine(facts, ['xla cuda', 'tensorflow cuda', 'onnx webgpu']);
  expect((await chooseEngine(auto, dead)).reason).toContain('XLA on CUDA: it is broken; CUDA: it is broken');
  const undriven = machine({ ...facts, nvidiaDriver: false });
  expect(await chooseEngine({ ...auto, precision: 'bf16' }, undriven)).toMatchObject({
    engine: 'tensorflow',
  });
  const wish = { engine: 'xla', device: 'auto' } as const;
  expect(await chooseEngine(wish, machine({}))).toEqual({
    engine: 'xla',
    device: 'cuda',
    reason: 'as asked',
  });
  expect(await chooseEngine(wish, machine({ xla: ['tpu'] }))).toMatchObject({ engine: 'xla', device: 'tpu' });
});
