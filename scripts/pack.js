// Packs packages as they are published. What differs from the checkout: versions instead of `workspace:*`; no comments that
// point to source maps, which are not packed; the repository's address; and @mlm/compile brings the native packages that it
// runs on, without their install scripts, which would download CUDA's and TensorFlow's libraries from hosts of their own.
// `node scripts/pack.js <folder>` packs all of them into a folder.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pnpm } from './pnpm.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** Packages that run install scripts, the dependencies of these scripts, and who brings them along. */
const bundled = {
  '@mlm/compile': {
    'onnxruntime-node': { installOnly: ['adm-zip', 'global-agent'], leaveOut: ['script'] },
    '@tensorflow/tfjs-node-gpu': { installOnly: [], leaveOut: ['node_modules'] },
  },
};

/** Every package's folder and manifest by its name. */
export const manifests = new Map(
  readdirSync(join(root, 'packages')).map((folder) => {
    const manifest = readJson(join(root, 'packages', folder, 'package.json'));
    return [manifest.name, { folder, manifest }];
  }),
);

/** The packages' names, each after those that it needs: a release that stops halfway leaves none that cannot be installed. */
export function inOrder() {
  const order = new Set();
  const add = (name) => {
    for (const needed of Object.keys(manifests.get(name)?.manifest.dependencies ?? {})) add(needed);
    if (manifests.has(name)) order.add(name);
  };
  for (const name of manifests.keys()) add(name);
  return [...order];
}

/**
 * Packs a built package.
 * @param {string} name
 * @param {string} into a folder
 * @returns {string} the tarball's path
 */
export function pack(name, into) {
  const { folder } = manifests.get(name);
  const work = mkdtempSync(join(tmpdir(), 'mlm-pack-'));
  try {
    const out = run(pnpm, ['pack', '--json', '--pack-destination', work], join(root, 'packages', folder));
    run(spawnSync, ['tar', ['-xzf', JSON.parse(out.slice(out.indexOf('{'))).filename]], work);
    const unpacked = join(work, 'package');
    const manifest = readJson(join(unpacked, 'package.json'));
    dropMapComments(unpacked);
    for (const [dependency, parts] of Object.entries(bundled[name] ?? {})) {
      bundle(dependency, parts, join(root, 'packages', folder), unpacked);
      manifest.dependencies[dependency] ??= manifest.optionalDependencies[dependency];
      delete manifest.optionalDependencies?.[dependency];
    }
    if (bundled[name]) manifest.bundleDependencies = Object.keys(bundled[name]);
    delete manifest.scripts;
    delete manifest.devDependencies;
    writeJson(join(unpacked, 'package.json'), { ...manifest, ...addresses(folder) });
    const packed = run(spawnSync, ['npm', ['pack', '--json', '--pack-destination', into]], unpacked);
    return join(into, JSON.parse(packed)[0].filename);
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Copies a dependency without what only its install script needs. */
function bundle(dependency, { installOnly, leaveOut }, from, unpacked) {
  const source = realpathSync(join(from, 'node_modules', dependency));
  const target = join(unpacked, 'node_modules', dependency);
  mkdirSync(target, { recursive: true });
  for (const entry of readdirSync(source)) {
    if (!leaveOut.includes(entry)) cpSync(join(source, entry), join(target, entry), { recursive: true });
  }
  const manifest = readJson(join(target, 'package.json'));
  for (const name of installOnly) delete manifest.dependencies[name];
  delete manifest.scripts;
  delete manifest.devDependencies;
  // npm would build what has a binding.gyp.
  writeJson(join(target, 'package.json'), { ...manifest, gypfile: false });
}

function dropMapComments(folder) {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/^dist\/.*\.(js|ts)$/.test(name)) continue;
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/gm, ''));
  }
}

/** Where the package's sources are, by the checkout's remote; nothing without one. */
function addresses(folder) {
  const { stdout } = spawnSync('git', ['remote', 'get-url', 'origin'], { cwd: root, encoding: 'utf8' });
  const [, host, path] = /^(?:https:\/\/|git@)([^/:]+)[/:](.+?)(?:\.git)?\s*$/.exec(stdout ?? '') ?? [];
  if (!host) return {};
  const address = `https://${host}/${path}`;
  const directory = `packages/${folder}`;
  return {
    repository: { type: 'git', url: `git+${address}.git`, directory },
    homepage: `${address}/tree/main/${directory}#readme`,
    bugs: `${address}/issues`,
  };
}

function run(command, args, cwd) {
  const { INIT_CWD: _, ...env } = process.env;
  const settings = { cwd, env, encoding: 'utf8', maxBuffer: 1 << 28 };
  const { status, stdout, stderr } = command === pnpm ? pnpm(args, settings) : command(...args, settings);
  if (status !== 0) throw new Error(`${args.flat().join(' ')} failed in ${cwd}:\n${stdout}${stderr}`);
  return stdout;
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const into = process.argv[2] ?? 'tarballs';
  mkdirSync(into, { recursive: true });
  for (const name of manifests.keys()) console.log(pack(name, realpathSync(into)));
}
