// Keeps the compiled code of bundles in CommonJS between runs, as Node itself does from 22.1 on: loading a bundle is mostly
// compiling it. The code is kept for each command, because functions are compiled when they are first called.
const {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const Module = require('node:module');
const { homedir } = require('node:os');
const { dirname, join, resolve, sep } = require('node:path');
const { Script } = require('node:vm');
const { crc32 } = require('node:zlib');

/**
 * From now on, bundles in CommonJS are loaded from the code that was kept for `command`, and compiled where there is none.
 * V8 itself refuses the code of another version, and that for other flags or another processor.
 */
module.exports = function keepCompiledCode(command) {
  const folder = cacheFolder(process.env);
  if (folder === undefined) return;
  // Each installation has its own.
  const installation = crc32(__dirname).toString(16);
  const file = join(folder, `${process.version}-${process.arch}-${installation}-${command}.compiled`);
  const known = read(file);
  const loaded = new Map();
  // By the folder that asks and the name: Node looks for a package each time that it is required, and bundles do so often.
  const required = new Map();
  let isNew = false;
  const load = Module._extensions['.js'];
  Module._extensions['.cjs'] = (module, path) => {
    if (!path.includes(`${sep}dist${sep}bundle${sep}`)) return load(module, path);
    const source = readFileSync(path, 'utf8');
    // Node 20 forgets how kept code imports.
    if (/\bimport\(/.test(source)) return load(module, path);
    const checksum = crc32(source);
    const kept = known.get(path);
    const cachedData = kept?.checksum === checksum ? kept.data : undefined;
    const script = new Script(Module.wrap(source), { filename: path, cachedData });
    if (cachedData === undefined || script.cachedDataRejected) isNew = true;
    loaded.set(path, { checksum, script });
    const run = script.runInThisContext();
    const parent = dirname(path);
    const requireOnce = (name) => {
      const place = `${parent}${sep}${name}`;
      if (!required.has(place)) required.set(place, module.require(name));
      return required.get(place);
    };
    run(module.exports, requireOnce, module, path, parent);
  };
  process.on('exit', () => {
    if (!isNew) return;
    // Another run loaded what this one did not; what is gone is of an older build.
    const others = [...known].filter(([path]) => existsSync(path));
    write(file, new Map([...others, ...loaded]));
  });
};

/** The folder of compiled graphs is that of compiled code too; it drops what has long not been used. */
function cacheFolder({ MLM_CACHE, XDG_CACHE_HOME }) {
  if (MLM_CACHE) return MLM_CACHE === 'off' ? undefined : resolve(MLM_CACHE);
  try {
    return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'mlm');
  } catch {
    return undefined; // a user that the machine does not know has no home
  }
}

/** A line with the checksum of what follows; one of JSON, `[path, checksum, bytes]` for each module; and their code. */
function read(file) {
  const known = new Map();
  try {
    const content = readOwn(file);
    const list = content.indexOf('\n') + 1;
    if (crc32(content.subarray(list)) !== Number(content.toString('latin1', 0, list))) return known;
    let offset = content.indexOf('\n', list) + 1;
    for (const [path, checksum, bytes] of JSON.parse(content.toString('utf8', list, offset))) {
      known.set(path, { checksum, data: content.subarray(offset, offset + bytes) });
      offset += bytes;
    }
  } catch {
    // There is none yet.
  }
  return known;
}

/** Reads a file. @throws Error if another user has written it, or may: their code is not run */
function readOwn(file) {
  const descriptor = openSync(file);
  try {
    const { uid, mode } = fstatSync(descriptor);
    if (process.geteuid && (uid !== process.geteuid() || (mode & 0o022) !== 0)) throw new Error('not own');
    return readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Writes what can be written: on a full or read-only disk, the next run compiles again. */
function write(file, modules) {
  const entries = [...modules].map(([path, { checksum, script, data = script.createCachedData() }]) => ({
    head: [path, checksum, data.length],
    data,
  }));
  const list = Buffer.from(`${JSON.stringify(entries.map(({ head }) => head))}\n`);
  const content = Buffer.concat([list, ...entries.map(({ data }) => data)]);
  const partial = `${file}.${process.pid}.partial`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(partial, `${crc32(content)}\n`, { mode: 0o600 });
    appendFileSync(partial, content);
    renameSync(partial, file);
  } catch {
    try {
      rmSync(partial);
    } catch {
      // It could not even be begun.
    }
  }
}
