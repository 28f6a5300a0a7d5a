// Packs every package, installs each tarball (with the tarballs that it needs) into an empty project, and uses it there
// from plain JavaScript and from TypeScript. What each project does stands in scripts/packages/<name>.mts, a file that is
// JavaScript as well: it is type-checked as it is and run as it is. The command line is also installed, without any flag, on
// the other supported versions of Node, and npm is asked whether it would publish the tarballs. Ends with a count.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { manifests, pack } from './pack.js';
import { unpublishable, wrongVersions } from './test-release.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'mlm-packages-'));
const typescript = join(root, 'node_modules/typescript/bin/tsc');

const tarballs = new Map([...manifests.keys()].map((name) => [name, pack(name, work)]));

let passed = 0;
let failed = 0;
for (const name of manifests.keys()) {
  for (const [language, failure] of Object.entries(tryPackage(name))) {
    if (failure === undefined) passed++;
    else {
      failed++;
      console.log(`${name} from ${language}:\n${failure}`);
    }
  }
}
for (const version of ['22', '24']) {
  const failure = tryOnNode(version);
  if (failure === undefined) passed++;
  else {
    failed++;
    console.log(`mlm on Node ${version}:\n${failure}`);
  }
}
const release = {
  'the changesets': wrongVersions(),
  ...Object.fromEntries([...tarballs].map(([name, tarball]) => [name, unpublishable(name, tarball)])),
};
for (const [what, failure] of Object.entries(release)) {
  if (failure === undefined) passed++;
  else {
    failed++;
    console.log(`release of ${what}:\n${failure}`);
  }
}
rmSync(work, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** What went wrong in each language; undefined for what went well. */
function tryPackage(name) {
  const { folder } = manifests.get(name);
  const project = join(work, folder);
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  );
  const files = [...withDependencies(name)].map((dependency) => tarballs.get(dependency));
  const npm = ['install', '--no-audit', '--no-fund', '--prefer-offline'];
  const installed = run('npm', [...npm, ...files, '@types/node@20'], project);
  if (installed.failure !== undefined) return { npm: installed.failure };
  const source = join(root, 'scripts/packages', `${folder}.mts`);
  copyFileSync(source, join(project, 'use.mts'));
  copyFileSync(source, join(project, 'use.mjs'));
  const flags = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2023',
    '--types',
    'node',
    '--skipLibCheck',
  ];
  return {
    JavaScript: run(process.execPath, ['use.mjs'], project).failure,
    TypeScript: run(process.execPath, [typescript, ...flags, 'use.mts'], project).failure,
  };
}

/** Installs the command line on another version of Node, which npm has as a package, and trains a step there. */
function tryOnNode(version) {
  const project = join(work, `node-${version}`);
  mkdirSync(project);
  writeFileSync(
    join(project, 'package.json'),
    JSON.stringify({ name: 'empty', private: true, type: 'module' }),
  );
  const node = `node-${process.platform}-${process.arch}`;
  const installed = run('npm', ['install', '--prefix', join(work, version), `${node}@${version}`], project);
  if (installed.failure !== undefined) return installed.failure;
  const bin = join(work, version, 'node_modules', node, 'bin');
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}` };
  const tgz = [...withDependencies('mlm')].map((name) => tarballs.get(name));
  const npm = spawnSync('npm', ['install', '--no-audit', '--no-fund', ...tgz], { ...options(project), env });
  if (npm.status !== 0) return outcome(npm).failure;
  copyFileSync(join(root, 'scripts/packages/mlm.mts'), join(project, 'use.mjs'));
  return outcome(spawnSync(join(bin, 'node'), ['use.mjs'], { ...options(project), env })).failure;
}

/** The package and all packages of this repository that it needs. */
function withDependencies(name, found = new Set()) {
  found.add(name);
  for (const dependency of Object.keys(manifests.get(name).manifest.dependencies ?? {})) {
    if (manifests.has(dependency) && !found.has(dependency)) withDependencies(dependency, found);
  }
  return found;
}

function run(command, args, cwd) {
  return outcome(spawnSync(command, args, options(cwd)));
}

function options(cwd) {
  const { INIT_CWD: _, ...env } = process.env;
  return { cwd, env, encoding: 'utf8' };
}

function outcome({ status, stdout, stderr, error }) {
  return { stdout, failure: status === 0 ? undefined : `${error?.message ?? ''}${stdout}${stderr}` };
}
