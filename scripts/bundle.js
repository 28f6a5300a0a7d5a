// Bundles a built package for Node, which spends longer on finding and reading many small modules than on running them.
// Runs in the package's folder, after tsc. Entries are the exports with a `node` condition (./dist/bundle/<name>.js) and
// the modules that their threads start with. Code that entries share is split off and other packages stay imports, so that
// a process has every module once. The folder is as deep as those of the modules: ../../wasm/ is the same for both.
// Each file is there in CommonJS as well, for `require`: Node loads that sooner, and its compiled code can be kept on Node 20.
// A process should have all of them in one of the two kinds, since each kind has its own classes and its own state.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';

/** Small packages that every start of `mlm` loads. Whoever else loads them has a copy of its own. */
const inlined = {
  '@mlm/arrow': ['flatbuffers'],
  '@mlm/cli': ['commander'],
  '@mlm/tokenize': ['@noble/hashes'],
};

/** commander would start programs for subcommands that are files of their own, of which there are none. */
const startsNoPrograms = {
  name: 'starts-no-programs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/commander/') ? { path, namespace: 'none' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'none' }, () => ({ contents: 'module.exports = {};' }));
  },
};

const requireOfNode = `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
`;

const urlOfModule = `const moduleUrl = require('node:url').pathToFileURL(__filename).href;
`;

const folder = 'dist/bundle';
const { name: self, exports, dependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8'));
const own = inlined[self] ?? [];
const entries = new Map();
for (const { node, default: module } of Object.values(exports)) {
  if (node !== undefined) addEntry(basename(node.default, '.js'), join(module));
}

let built = await bundle();
while (addThreads(Object.keys(built.inputs))) built = await bundle();

const modules = Object.keys(built.outputs);
const files = [...modules, ...modules.map(commonName)];
for (const file of modules) {
  const code = readFileSync(file, 'utf8');
  checkAddresses(file, code);
  checkNames(file, code);
  writeFileSync(commonName(file), await commonCode(code));
  // CommonJS packages require modules of Node, for which esbuild calls `require` where it is defined.
  if (code.includes('var __require =')) writeFileSync(file, `${requireOfNode}${code}`);
}
if (own.length > 0) {
  const licenses = own.map((name) => `${name}\n\n${readFileSync(`node_modules/${name}/LICENSE`, 'utf8')}`);
  files.push(`${folder}/LICENSES.txt`);
  writeFileSync(files.at(-1), licenses.join('\n\n'));
}
for (const name of readdirSync(folder)) {
  if (!files.includes(`${folder}/${name}`)) rmSync(join(folder, name), { recursive: true });
}

async function bundle() {
  const { metafile } = await build({
    entryPoints: Object.fromEntries(entries),
    outdir: folder,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    external: Object.keys(dependencies).filter((name) => !own.includes(name)),
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [startsNoPrograms],
    metafile: true,
    logLevel: 'warning',
  });
  return metafile;
}

function commonName(file) {
  return file.replace(/\.js$/, '.cjs');
}

/** A module in CommonJS. `import('…')` requires there as well; of a name that is known at run time alone, it imports. */
async function commonCode(code) {
  const relative = code.replaceAll(/(["'])\.\/([\w-]+)\.js\1/g, (found, quote, name) =>
    modules.includes(`${folder}/${name}.js`) ? `${quote}./${name}.cjs${quote}` : found,
  );
  const { code: common } = await transform(relative, {
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    supported: { 'dynamic-import': !/\bimport\("/.test(relative) },
    define: { 'import.meta.url': 'moduleUrl' },
    // Has default imports mean what they mean to Node.
    sourcefile: 'module.mjs',
  });
  return common.includes('moduleUrl') ? `${urlOfModule}${common}` : common;
}

/** Makes entries of what the modules start in threads; whether there was something new. */
function addThreads(modules) {
  const before = entries.size;
  for (const module of modules.filter((module) => module.startsWith('dist/'))) {
    const code = readFileSync(module, 'utf8');
    for (const [, name] of code.matchAll(/\bentryPoint\(import\.meta\.url, '\.\/([\w-]+)\.js'\)/g))
      addEntry(name, join(dirname(module), `${name}.js`));
  }
  return entries.size > before;
}

function addEntry(name, module) {
  const other = entries.get(name) ?? module;
  if (other !== module) throw new Error(`bundle: ${other} and ${module} would both be ${folder}/${name}.js`);
  entries.set(name, module);
}

/** A bundled module has the bundle's address instead of its own: only what is the same from both may be derived from it. */
function checkAddresses(file, code) {
  const sound = /\b(?:new URL\(["'`]\.\.\/\.\.\/(?!\.\.)[^"'`]*["'`], |entryPoint\d*\()import\.meta\.url/g;
  const [found] = /.*\bimport\.meta\.url.*/.exec(code.replace(sound, '')) ?? [];
  if (found !== undefined)
    throw new Error(`bundle: ${file}: expected new URL('../../…', import.meta.url), found: ${found}`);
}

/** A module's `let` becomes a `var`, and one with a name of CommonJS is vitest's parameter where it runs the bundle. */
function checkNames(file, code) {
  const [found] = /^var (module|exports|require|__dirname|__filename)\b/m.exec(code) ?? [];
  if (found !== undefined) throw new Error(`bundle: ${file}: expected another name, found: ${found}`);
}
