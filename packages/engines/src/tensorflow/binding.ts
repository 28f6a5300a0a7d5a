import { existsSync } from 'node:fs';
import { cp, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { InputError, type MessageParts, mention, say } from '@mlm/base/errors';
import { runCommand } from '@mlm/base/spawn';
import { tfjsNodePackage } from '@mlm/compile/tensorflow';
import { FRAMEWORK, LIBRARIES } from './wheel.js';

/**
 * Builds tfjs-node's binding in `target` with node-gyp, against the TensorFlow in `libraryFolder`.
 *
 * The binding has an absolute run path into the wheel's own folder: through a symbolic link, the loader would take the
 * link's folder for `$ORIGIN` and miss NVIDIA's wheels beside the real library. The binding is pure N-API, so that the
 * npm package node-api-headers suffices for every Node version, and nothing is downloaded.
 *
 * If NVIDIA's wheels are beside TensorFlow, another addon does nothing but load libcusolver, for which TensorFlow 2.21
 * has no run path; once loaded, it is found by name.
 *
 * A third addon loads TensorFlow's lower library with standard error closed, because the library reports oneDNN before
 * it reads TF_CPP_MIN_LOG_LEVEL.
 *
 * @returns the paths of the addons, and the version of the sources that the binding was built from
 * @throws InputError if a compiler, make or Python is missing, or the build fails
 */
export async function buildBinding(
  target: string,
  libraryFolder: string,
  options: { python: string; report: (line: string) => void; signal?: AbortSignal | undefined },
): Promise<{ binding: string; quietLoad: string; cudaLibraries?: string | undefined; version: string }> {
  const require = createRequire(import.meta.url);
  const sources = tfjsNodePackage();
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(join(sources.folder, 'binding'), join(partial, 'binding'), { recursive: true });
  const headers = join(partial, 'node', 'include', 'node');
  await mkdir(headers, { recursive: true });
  await cp(join(dirname(require.resolve('node-api-headers/package.json')), 'include'), headers, {
    recursive: true,
  });
  // node-gyp requires this file of a full Node development folder; the release configuration is enough.
  const common = { target_defaults: { default_configuration: 'Release', configurations: { Release: {} } } };
  await writeFile(join(headers, 'common.gypi'), JSON.stringify(common));
  await writeFile(join(partial, 'package.json'), '{"name": "tfjs-binding", "version": "0.0.0"}\n');
  const cusolver = join(dirname(libraryFolder), 'nvidia', 'cusolver', 'lib');
  const targets = [bindingTarget(libraryFolder), { target_name: 'quiet_load', sources: ['quiet_load.c'] }];
  await writeFile(join(partial, 'quiet_load.c'), quietLoadAddon(libraryFolder));
  if (existsSync(join(cusolver, CUSOLVER))) targets.push(cudaLibrariesTarget(cusolver));
  await writeFile(join(partial, 'cuda_libraries.c'), EMPTY_ADDON);
  await writeFile(join(partial, 'binding.gyp'), JSON.stringify({ targets }, null, 2));
  const gyp = require.resolve('node-gyp/bin/node-gyp.js');
  const args = [gyp, 'rebuild', '--release', `--nodedir=${join(partial, 'node')}`, '--force-process-config'];
  args.push(`--python=${options.python}`);
  const result = await runCommand(process.execPath, args, {
    cwd: partial,
    onLine: options.report,
    signal: options.signal,
  });
  options.signal?.throwIfAborted();
  if (result.code !== 0) throw new InputError(explain(result.stdout + result.stderr));
  await rm(target, { recursive: true, force: true });
  await mkdir(join(target, 'lib', 'napi-v8'), { recursive: true });
  const keep = async (name: string) => {
    const path = join(target, 'lib', 'napi-v8', name);
    await rename(join(partial, 'build', 'Release', name), path);
    return path;
  };
  const binding = await keep('tfjs_binding.node');
  const quietLoad = await keep('quiet_load.node');
  const cudaLibraries = existsSync(join(cusolver, CUSOLVER)) ? await keep('cuda_libraries.node') : undefined;
  await rm(partial, { recursive: true, force: true });
  return { binding, quietLoad, cudaLibraries, version: sources.version };
}

function bindingTarget(libraryFolder: string): object {
  return {
    target_name: 'tfjs_binding',
    sources: ['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
    include_dirs: [join(libraryFolder, 'include'), '.'],
    defines: ['NAPI_VERSION=8'],
    cflags_cc: ['-std=c++17', '-O2', '-fPIC', '-w'],
    library_dirs: [libraryFolder],
    libraries: [...LIBRARIES.map((name) => `-l:${name}`), `-Wl,-rpath,'${libraryFolder}'`],
  };
}

function quietLoadAddon(libraryFolder: string): string {
  return `#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>
NAPI_MODULE_INIT() {
  int standard_error = dup(2), nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, 2);
  dlopen(${JSON.stringify(join(libraryFolder, FRAMEWORK))}, RTLD_LAZY);
  dup2(standard_error, 2);
  close(standard_error);
  close(nowhere);
  return exports;
}
`;
}

const CUSOLVER = 'libcusolver.so.11';

const EMPTY_ADDON = '#include <node_api.h>\nNAPI_MODULE_INIT() { return exports; }\n';

function cudaLibrariesTarget(folder: string): object {
  return {
    target_name: 'cuda_libraries',
    sources: ['cuda_libraries.c'],
    library_dirs: [folder],
    // Nothing calls the library: without the first flag, the linker would drop it.
    libraries: ['-Wl,--no-as-needed', `-l:${CUSOLVER}`, `-Wl,-rpath,'${folder}'`],
  };
}

function explain(output: string): string | MessageParts {
  if (/not found: make|make: not found|spawn make ENOENT/.test(output)) {
    return 'make is missing; install a C++ compiler and make (Debian: apt-get install build-essential)';
  }
  if (/(g|c)\+\+: (command )?not found|(g|c)\+\+: No such file/.test(output)) {
    return 'a C++ compiler is missing; install g++ and make (Debian: apt-get install build-essential)';
  }
  if (/Could not find any Python/i.test(output)) {
    return say`node-gyp found no Python 3; install python3, or name one with ${mention('python')}`;
  }
  const error = output.split('\n').find((line) => /error[: ]/i.test(line) && !line.includes('gyp info'));
  return `building the TensorFlow binding failed: ${error?.trim() ?? 'node-gyp printed no error'}`;
}
