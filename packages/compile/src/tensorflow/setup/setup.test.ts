import { chmod, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadTfjsNode } from '../runtime/load_tfjs_node.js';
import { readInstallation, tensorflowFolder, writeInstallation } from './installation.js';
import { removeTensorflow, setupTensorflow } from './setup.js';

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
    await expect(setup(python)).rejects.toThrow(/libtensorflow_cc\.so\.2: missing; .* use one from PyPI/);
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

test('loading without a set-up names the command that mends it', async () => {
  await expect(loadTfjsNode({ folder })).rejects.toThrow(/run `mlm setup tensorflow`/);
});
