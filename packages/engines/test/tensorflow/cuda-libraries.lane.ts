import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInstallation } from '@mlm/compile/tensorflow';
import { expect, test } from 'vitest';
import { buildBinding } from '../../src/tensorflow/binding.js';

// TensorFlow 2.21 asks for libcusolver.so.11 by its name, without a run path to NVIDIA's wheel: it then sees no GPU.
test('where NVIDIA’s wheels lie beside TensorFlow, an addon brings the library that it does not find', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-cuda-libraries-'));
  try {
    const wheel = join(folder, 'nvidia', 'cusolver', 'lib');
    await mkdir(wheel, { recursive: true });
    await symlink((await readInstallation())!.library_folder, join(folder, 'tensorflow'));
    await writeFile(join(folder, 'library.c'), 'int cusolver_stand_in(void) { return 11; }\n');
    const library = join(wheel, 'libcusolver.so.11');
    const compile = ['-shared', '-fPIC', '-Wl,-soname,libcusolver.so.11', '-o', library];
    execFileSync('cc', [...compile, join(folder, 'library.c')]);
    const { cudaLibraries } = await buildBinding(join(folder, 'binding'), join(folder, 'tensorflow'), {
      python: 'python3',
      report: () => {},
    });
    const code = `require(process.argv[1]); console.log(require('fs').readFileSync('/proc/self/maps', 'utf8'))`;
    expect(execFileSync(process.execPath, ['-e', code, cudaLibraries!], { encoding: 'utf8' })).toContain(
      library,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
