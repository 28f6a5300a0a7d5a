import { beforeAll, describe, expect, test } from 'vitest';
import { someText, writeFiles } from './corpus.js';
import { runMlm, temporaryFolder } from './run-mlm.js';

const folder = temporaryFolder();
/** Devices are hidden: so these pass, and fail, alike on machines that have some. */
const hidden = {
  CUDA_VISIBLE_DEVICES: '-1',
  VK_DRIVER_FILES: '/nonexistent',
  VK_ICD_FILENAMES: '/nonexistent',
};

interface Doctor {
  engines: {
    target: string;
    device: string;
    works: boolean;
    matmul_gflops?: number;
    step_milliseconds?: number;
    error?: string;
    remedy?: string;
  }[];
}

async function doctor(env: NodeJS.ProcessEnv): Promise<Doctor['engines']> {
  const { code, stdout, stderr } = await runMlm(['doctor', '--json', '--quiet'], { env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout.toString()) as Doctor).engines;
}

describe('doctor', () => {
  test('tries every engine; what works has its rates, what does not one line and a command', async () => {
    const engines = await doctor({ npm_lifecycle_event: 'mlm', npm_config_user_agent: 'pnpm/12.21.0 node' });
    expect(engines.map(({ target, device }) => `${target} ${device}`)).toEqual([
      'onnx cpu',
      'onnx webgpu',
      'tensorflow cpu',
      'tensorflow cuda',
      'xla cuda',
      'xla rocm',
      'xla tpu',
      'xla cpu',
      'eager cpu',
    ]);
    for (const { target, device, works, matmul_gflops, step_milliseconds, error, remedy } of engines) {
      if (device === 'cpu' && ['onnx', 'eager'].includes(target)) expect(works, target).toBe(true);
      if (works) {
        expect(matmul_gflops).toBeGreaterThan(0);
        expect(step_milliseconds).toBeGreaterThan(0);
      } else {
        expect(error).toMatch(/^(?!--device)[^\n]+$/);
        expect(remedy).toMatch(/\S/);
      }
    }
    // The tests' machine has no TensorFlow: see run-mlm.ts.
    const tensorflow = engines.find(({ target }) => target === 'tensorflow')!;
    expect(tensorflow.remedy).toMatch(/pnpm(@12\.21\.0)? mlm setup tensorflow$/);
    expect(tensorflow.error).toContain(`run ${tensorflow.remedy}`);
  });

  test('tells it in a table, with the TensorFlow of this machine if it has one', async () => {
    const { code, stdout } = await runMlm(['doctor'], {
      env: { MLM_TENSORFLOW_HOME: process.env.MLM_TENSORFLOW_HOME },
    });
    expect(code).toBe(0);
    expect(stdout.toString()).toMatch(
      /^onnx +cpu +onnxruntime [\d.]+ +[\d.]+ [MGT]FLOP\/s +[\d.]+ ms$[\s\S]*^eager +cpu +tfjs [\d.]+ +[\d.]+ [MGT]FLOP\/s/m,
    );
    expect(stdout.toString()).not.toMatch(/--device (\w+): --device \1/);
  });
});

describe('an engine that does not load says so, and nothing else', () => {
  beforeAll(async () => {
    writeFiles(folder, { 'text.txt': someText(60, 1) });
    const made = await runMlm(['preprocess', 'text.txt', 'out.arrow', '--sequence-length', '32'], {
      cwd: folder,
    });
    expect(made.code).toBe(0);
  });

  const train = (...args: string[]) =>
    runMlm(['train', 'out.arrow', '--model', 'bert-tiny', '--max-steps', '1', '--output', 'new', ...args], {
      cwd: folder,
      env: hidden,
    });

  test.skipIf(process.platform !== 'linux').each([
    [['--engine', 'onnx', '--device', 'cuda'], /^mlm: --device cuda: [^\n]+--engine tensorflow[^\n]+\n$/],
    [['--engine', 'onnx', '--device', 'webgpu'], /^mlm: --device webgpu: [^\n]+\n$/],
    [['--engine', 'tensorflow'], /^mlm: TensorFlow is not set up in [^\n]+\n$/],
    [['--engine', 'tensorflow', '--precision', 'bf16'], /^mlm: TensorFlow is not set up in [^\n]+\n$/],
    [['--device', 'cuda'], /^mlm: TensorFlow is not set up in [^\n]+ setup tensorflow --gpu\n$/],
  ])('%j', async (args, message) => {
    const { code, stderr } = await train(...args);
    expect(stderr).toMatch(message);
    expect(code).toBe(1);
  });
});
