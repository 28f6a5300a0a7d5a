import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mention, say } from '@mlm/base/errors';
import { loadTfjsNode, readInstallation, tensorflowFolder, writeInstallation } from '@mlm/compile/tensorflow';
import { beforeEach, describe, expect, test } from 'vitest';
import type { EnginePlace } from '../probe.js';
import { checkTensorflow } from './check.js';
import { removeTensorflow, setupTensorflow } from './setup.js';
import { findPythonTensorflow } from './wheel.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlm-setup-'));
});

/** A program that stands in for Python: prints `output`, exits with `code`. */
async function fakePython(output: string, code = 0): Promise<string> {
  const path = join(folder, 'python');
  await writeFile(path, `#!/bin/sh\ncat <<'END'\n${output}\nEND\nexit ${code}\n`);
  await chmod(path, 0o755);
  return path;
}

/** The files by which a TensorFlow is known. */
async function fakeTensorflow({ cuda }: { cuda: boolean }): Promise<string> {
  const tensorflow = join(folder, 'site', 'tensorflow');
  for (const name of ['include/tensorflow/c', 'python/platform'])
    await mkdir(join(tensorflow, name), { recursive: true });
  for (const name of [
    'libtensorflow_cc.so.2',
    'libtensorflow_framework.so.2',
    'include/tensorflow/c/c_api.h',
  ])
    await writeFile(join(tensorflow, name), '');
  const info = `build_info = collections.OrderedDict([('is_cuda_build', ${cuda ? 'True' : 'False'}), ('is_rocm_build', False)])`;
  await writeFile(join(tensorflow, 'python/platform/build_info.py'), info);
  return tensorflow;
}

describe('setupTensorflow says what is missing', () => {
  const setup = (python: string) => setupTensorflow({ folder: join(folder, 'data'), python });

  test('no such interpreter', async () => {
    await expect(setup('/nowhere/python3')).rejects.toThrow(
      '/nowhere/python3: not a working Python interpreter',
    );
  });

  test('an interpreter without TensorFlow', async () => {
    const python = await fakePython('{"folder": null, "version": null}');
    await expect(setup(python)).rejects.toThrow(`${python}: has no TensorFlow; install tensorflow-cpu there`);
  });

  test('a TensorFlow without the libraries to link', async () => {
    const python = await fakePython(`{"folder": "${folder}", "version": "2.21.0"}`);
    await expect(setup(python)).rejects.toThrow(/libtensorflow_cc\.so\.2 is missing, .* use one from PyPI/);
  });

  test('gpu with a TensorFlow that has no CUDA', async () => {
    const tensorflow = await fakeTensorflow({ cuda: false });
    const python = await fakePython(JSON.stringify({ folder: tensorflow, version: '2.21.0' }));
    const setup = setupTensorflow({ folder: join(folder, 'data'), python, gpu: true });
    await expect(setup).rejects.toThrow(
      `gpu: TensorFlow 2.21.0 of ${python} is built without CUDA; install tensorflow[and-cuda] there`,
    );
  });

  test('nothing is recorded after a failure', async () => {
    await setup('/nowhere/python3').catch(() => {});
    expect(await readInstallation(join(folder, 'data'))).toBeUndefined();
  });
});

test('the data folder follows MLM_TENSORFLOW_HOME, then XDG_DATA_HOME', () => {
  expect(tensorflowFolder({ MLM_TENSORFLOW_HOME: '/a', XDG_DATA_HOME: '/b' })).toBe('/a');
  expect(tensorflowFolder({ XDG_DATA_HOME: '/b' })).toBe('/b/mlm/tensorflow');
});

test.each([true, false])('whether a Python’s TensorFlow has CUDA is read from it: %s', async (cuda) => {
  const tensorflow = await fakeTensorflow({ cuda });
  const python = await fakePython(JSON.stringify({ folder: tensorflow, version: '2.21.0' }));
  expect(await findPythonTensorflow(python)).toMatchObject({ cuda });
});

describe('simulated: the check of what was set up', () => {
  const installation = (gpu: boolean) => ({
    format_version: 1 as const,
    tensorflow_version: '2.21.0',
    library_folder: folder,
    gpu,
    source: 'pip' as const,
    binding: join(folder, 'python'),
    binding_version: '4.22.0',
  });
  const works = async ({ engine, device }: EnginePlace) => ({ engine, device, works: true });
  const broken = async ({ engine, device }: EnginePlace) => ({
    engine,
    device,
    works: false,
    error: ['broken'],
  });
  const devices = (checks: EnginePlace[]) => checks.map(({ device }) => device);

  test('CUDA is tried where TensorFlow has it and a driver is loaded', async () => {
    const driverFile = await fakePython('');
    const check = (gpu: boolean, file: string) =>
      checkTensorflow(folder, installation(gpu), { driverFile: file, probe: works });
    expect(devices(await check(true, driverFile))).toEqual(['cpu', 'cuda']);
    expect(devices(await check(false, driverFile))).toEqual(['cpu']);
    expect(devices(await check(true, '/nonexistent'))).toEqual(['cpu']);
  });

  test('the trial has a record of its own, and leaves none', async () => {
    const seen: unknown[] = [];
    await checkTensorflow(folder, installation(false), {
      probe: async (target, _, env) => {
        seen.push(await readInstallation(folder), tensorflowFolder(env));
        return works(target);
      },
    });
    expect(seen).toEqual([undefined, join(folder, 'check.partial')]);
    const failed = checkTensorflow(folder, installation(false), { probe: broken });
    await expect(failed).rejects.toThrow('the check of TensorFlow failed: broken');
    expect(await readdir(folder)).not.toContain('check.partial');
  });

  test('a failure on CUDA counts if CUDA was requested, and its error is printed', async () => {
    const driverFile = await fakePython('');
    const probe = async (place: EnginePlace) => ({
      ...place,
      works: place.device === 'cpu',
      error: say`out of memory; use ${mention('device', 'cpu')}`,
    });
    const [, cuda] = await checkTensorflow(folder, installation(true), { driverFile, probe });
    expect(cuda!.works).toBe(false);
    await expect(
      checkTensorflow(folder, installation(true), { requireCuda: true, driverFile, probe }),
    ).rejects.toThrow('the check of TensorFlow on CUDA failed: out of memory; use device: cpu');
  });

  test('an aborted signal ends it', async () => {
    const signal = AbortSignal.abort();
    await expect(checkTensorflow(folder, installation(false), { signal, probe: broken })).rejects.toThrow(
      /abort/i,
    );
  });
});

test('an installation reads back while its files stand, and removing leaves nothing of ours', async () => {
  await mkdir(join(folder, 'binding'));
  const binding = join(folder, 'binding', 'tfjs_binding.node');
  await writeFile(binding, '');
  await writeFile(join(folder, 'notes.txt'), 'not ours');
  const installation = {
    format_version: 1 as const,
    tensorflow_version: '2.21.0',
    library_folder: folder,
    gpu: false,
    source: 'pip' as const,
    binding,
    binding_version: '4.22.0',
  };
  await writeInstallation(folder, installation);
  expect(await readInstallation(folder)).toEqual(installation);
  expect(await removeTensorflow(folder)).toBe(true);
  expect(await readdir(folder)).toEqual(['notes.txt']);
  expect(await readInstallation(folder)).toBeUndefined();
  expect(await removeTensorflow(folder)).toBe(false);
});

test('loading without setup names the command to run', async () => {
  await expect(loadTfjsNode({ folder })).rejects.toThrow(/run setupTensorflow\(\)/);
});
