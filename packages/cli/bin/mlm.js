#!/usr/bin/env node
// Starts the built command line. In a workspace checkout it first rebuilds what is missing or older than its source,
// so that an edit is never run from yesterday's build; an installed package has no sources and is imported at once.
const { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } = require('node:fs');
const { enableCompileCache, getCompileCacheDir } = require('node:module');
const { delimiter, dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');

const major = Number(process.versions.node.split('.')[0]);
const minor = Number(process.versions.node.split('.')[1]);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`mlm needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(1);
}

const root = join(__dirname, '../../../');
const entry = join(__dirname, '../dist/bundle/index.js');

if (existsSync(join(root, 'turbo.json')) && existsSync(join(root, 'packages/cli/src'))) buildIfStale();

const args = process.argv.slice(2);
const [command = '--help'] = args;
// These need none but bundled packages, and bundles start sooner in CommonJS, as this file does. Other commands have all
// packages as ES modules: none may be there in both kinds.
const isHelp = ['help', '--help', '-h', '--version', '-V'].includes(command);
// Some packages of others are ES modules, which not every version of Node can require: 22.12 can, 22.11 cannot.
const isCommon = process.features.require_module === true && (isHelp || command === 'preprocess');
// Compiled code is kept between runs: by Node from 22.1 on.
if (process.env.MLM_CACHE !== 'off') {
  if (enableCompileCache) {
    enableCompileCache();
    // Threads keep theirs where this says; there is none where nothing can be kept.
    const folder = getCompileCacheDir();
    if (folder !== undefined) process.env.NODE_COMPILE_CACHE ??= folder;
  } else if (isCommon) require('./compiled-code.cjs')(isHelp ? 'help' : command);
}
// `main` ends the process. Should it ever wait for nothing, that is not success.
process.exitCode = 13;
if (isCommon) require('../dist/bundle/index.cjs').main(args);
else import(pathToFileURL(entry).href).then(({ main }) => main(args));

function buildIfStale() {
  const stampFile = join(root, 'node_modules/.cache/mlm/built');
  const newest = newestSource();
  if (existsSync(entry) && readStamp(stampFile) >= newest) return;
  console.error('mlm: building the packages…');
  const build = ['run', 'build', '--filter=@mlm/cli', '--output-logs=errors-only'];
  const turbo = [process.execPath, join(root, 'node_modules/turbo/bin/turbo'), ...build];
  const [command, ...args] = hasPnpm() ? turbo : ['npx', '-y', '-p', packageManager(), '--', ...turbo];
  const { spawnSync } = require('node:child_process');
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1' },
  });
  if (status !== 0) {
    process.stderr.write((stdout ?? '') + (stderr ?? ''));
    console.error('mlm: the build failed; `pnpm install && pnpm build` in the checkout shows more.');
    process.exit(1);
  }
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, String(newest));
}

/** Turbo asks the package manager about the workspace; who starts this file with node alone may have none on the path. */
function hasPnpm() {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'pnpm')));
}

function packageManager() {
  return JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
}

/**
 * The time of the youngest source file or folder (a folder's time tells of deleted files), in milliseconds. Every start
 * from a checkout waits for this.
 */
function newestSource() {
  let newest = 0;
  const visit = (path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (stat.mtimeMs > newest) newest = stat.mtimeMs;
    if (!stat.isDirectory()) return;
    for (const name of readdirSync(path)) if (!name.endsWith('.test.ts')) visit(`${path}/${name}`);
  };
  for (const name of readdirSync(join(root, 'packages'))) {
    for (const part of ['src', 'assembly', 'package.json', 'tsconfig.json'])
      visit(join(root, 'packages', name, part));
  }
  visit(join(root, 'scripts/bundle.js'));
  return newest;
}

function readStamp(file) {
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
}
