import { type Dirent, existsSync, lstatSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { FormatName, InputFile } from '../formats/format.js';
import {
  compressionByName,
  formatByName,
  formatOf,
  knownExtensions,
  onlyNamedExtensions,
} from '../formats/index.js';
import { isAddress, storedFiles } from '../stores/index.js';
import { type StoredFile, withoutSecrets } from '../stores/store.js';
import { refuseUnknownOptions } from './unknown.js';

/** The files of an input, in the order in which they are read. */
export interface InputFiles {
  /** At least one. */
  files: InputFile[];
  /** Bytes on disk of all of them. */
  bytes: number;
  /** Files in folders that are not read because their extension is unknown. */
  skipped: number;
  /** The folders among the inputs. */
  folders: string[];
}

/**
 * Finds the files behind folders (recursive), file names, globs and `-`, ordered by the bytes of their paths, so that
 * the order of the inputs makes no difference. A file that is reached twice (through a link, or because it is
 * named beside its folder) is read once. Hidden files in folders are left out.
 * @throws InputError for an unknown option, and when an input does not exist, cannot be read, or there is nothing to read
 *
 * @example
 * ```ts
 * import { listFiles } from '@mlm/tokenize';
 *
 * const { files, bytes } = await listFiles(['corpus/', 'more/*.jsonl']);
 * ```
 */
export async function listFiles(inputs: readonly string[], options: ListOptions = {}): Promise<InputFiles> {
  refuseUnknownOptions(options);
  const { inputFormat } = options;
  if (inputFormat !== undefined) formatOf(inputFormat);
  const found = new Found(inputFormat);
  for (const input of inputs) {
    if (input === '-') found.addStandardInput();
    else if (isAddress(input)) for (const file of await storedFiles(input)) found.addStored(file, input);
    else if (existsSync(input)) found.addInput(input);
    else {
      const { glob, isDynamicPattern } = await import('tinyglobby');
      const isPattern = isDynamicPattern(input);
      // A name that is neither a file nor a pattern fails with the reason.
      const paths = isPattern ? await glob(input, { dot: false, expandDirectories: false }) : [input];
      if (paths.length === 0) throw new InputError(`${input}: no file matches this pattern`);
      for (const path of paths) found.addInput(path, !isPattern || isMeant(path, input));
    }
  }
  found.followLinks();
  const files = inOrder(found.files);
  if (files.length === 0) {
    const others =
      found.skipped > 0
        ? ` (${found.skipped === 1 ? '1 file of another kind' : `${found.skipped} files of other kinds`})`
        : '';
    throw new InputError(
      `${inputs.join(', ')}: no text found${others}; expected ${knownExtensions()} (${onlyNamedExtensions()} files are read only if named)`,
    );
  }
  return {
    files,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    skipped: found.skipped,
    folders: found.namedFolders,
  };
}

/** Whether a pattern asks for the format of a file that it matches: `*.json` asks for JSON files, `*` does not. */
function isMeant(path: string, pattern: string): boolean {
  const format = formatByName(path);
  return format !== undefined && format === formatByName(pattern);
}

/** Options of {@link listFiles}. */
export interface ListOptions {
  /** The format of all files, those in folders included, whatever their extension. Default: by extension. */
  inputFormat?: FormatName | undefined;
}

function asked(format: FormatName | undefined): Pick<InputFile, 'format' | 'isAsked'> | undefined {
  return format === undefined ? undefined : { format, isAsked: true };
}

const stdin: InputFile = { path: '-', format: 'text', compression: 'none', size: 0, modified: 0 };

interface Link {
  path: string;
  isNamed: boolean;
}

/** Collects files by their real path. */
class Found {
  readonly files = new Map<string, InputFile>();
  skipped = 0;
  readonly namedFolders: string[] = [];
  private readonly folders = new Set<string>();
  private readonly links: Link[] = [];

  constructor(private readonly inputFormat: FormatName | undefined) {}

  addStandardInput(): void {
    const { inputFormat } = this;
    if (inputFormat !== undefined && formatOf(inputFormat).needsFile)
      throw new InputError(
        `standard input: ${inputFormat} is not read from front to back, which a pipe needs; name a file`,
      );
    this.files.set('-', { ...stdin, ...asked(inputFormat) });
  }

  /** A file or folder that the user named, or (`isNamed` false) that a pattern matches. */
  addInput(input: string, isNamed = true): void {
    const entry = statOf(input);
    if (entry.isDirectory()) this.namedFolders.push(input);
    if (lstatSync(input).isSymbolicLink()) this.links.push({ path: input, isNamed });
    else if (entry.isDirectory()) this.addFolder(input, realpathSync(input));
    else this.addFile(input, realPath(input), isNamed);
  }

  /** A file of a store, found at an address. */
  addStored({ path, size, stored }: StoredFile, address: string): void {
    const byName = formatByName(path);
    const isNamed = path === withoutSecrets(address) || isMeant(path, withoutSecrets(address));
    if (!isNamed && this.inputFormat === undefined && (!byName || byName.onlyNamed)) {
      this.skipped++;
      return;
    }
    const kind = { format: byName?.name ?? ('text' as const), ...asked(this.inputFormat) };
    this.files.set(path, { path, ...kind, compression: compressionByName(path), size, modified: 0, stored });
  }

  private addFile(path: string, real: string, isNamed: boolean): void {
    const byName = formatByName(path);
    const isWanted = isNamed || this.inputFormat !== undefined || (byName && !byName.onlyNamed);
    if (!isWanted) {
      this.skipped++;
      return;
    }
    if (this.files.has(real)) return;
    const entry = statOf(path);
    const format = this.inputFormat ?? byName?.name ?? 'text';
    const isStream = entry.isFIFO() || entry.isCharacterDevice();
    if (!entry.isFile() && (!isStream || formatOf(format).needsFile))
      throw new InputError(`${path}: is not a regular file; pipe it in, and give - as the input`);
    // Node's realpath, and with it the module loader, does not resolve links if the last file asked about was a pipe.
    if (isStream) statSync('.');
    const { size, mtimeMs: modified } = entry;
    const file: InputFile = { path, format, compression: compressionByName(path), size, modified };
    if (this.inputFormat !== undefined) file.isAsked = true;
    if (isStream) file.isStream = true;
    else {
      file.changed = entry.ctimeMs;
      file.inode = entry.ino;
    }
    this.files.set(real, file);
  }

  /**
   * Links are followed last and by name, so that a file's place does not depend on the order in which it is reached.
   */
  followLinks(): void {
    while (this.links.length > 0) {
      const links = this.links.splice(0).sort((a, b) => (a.path < b.path ? -1 : 1));
      for (const link of links) this.followLink(link);
    }
  }

  private followLink({ path, isNamed }: Link): void {
    const entry = statSync(path, { throwIfNoEntry: false });
    if (!entry) throw new InputError(`${path}: is a link to nothing; remove it or restore its target`);
    if (entry.isDirectory()) this.addFolder(path, realpathSync(path));
    else this.addFile(path, realPath(path), isNamed);
  }

  private addFolder(path: string, real: string): void {
    if (this.folders.has(real)) return;
    this.folders.add(real);
    const entries = reading(path, () => readdirSync(real, { withFileTypes: true }));
    // Joining paths takes as long as a file's stat, so the folder's own is normalized once.
    const folder = beginning(path);
    const realFolder = beginning(real);
    for (const entry of entries) if (!entry.name.startsWith('.')) this.addEntry(folder, realFolder, entry);
  }

  private addEntry(folder: string, realFolder: string, entry: Dirent): void {
    const path = folder + entry.name;
    const real = folder === realFolder ? path : realFolder + entry.name;
    if (entry.isSymbolicLink()) this.links.push({ path, isNamed: false });
    else if (entry.isDirectory()) this.addFolder(path, real);
    else if (entry.isFile()) this.addFile(path, real, false);
  }
}

/** The path with links resolved; a shell's `<(…)`, such as `/dev/fd/63`, resolves to no path and is kept. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** By the bytes of the absolute path, which among files of one folder is the order of their relative paths. */
function inOrder(files: Map<string, InputFile>): InputFile[] {
  const keyed = Array.from(files.values(), (file) => ({
    file,
    key: file.path === '-' ? '' : file.stored ? file.path : resolve(file.path),
  }));
  // JavaScript compares UTF-16 units, which differs from bytes only beyond U+D7FF.
  const isSimple = keyed.every(({ key }) => !/[\ud800-\uffff]/.test(key));
  if (isSimple) keyed.sort((a, b) => (a.key < b.key ? -1 : 1));
  else keyed.sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)));
  return keyed.map(({ file }) => file);
}

/** What the paths of a folder's entries begin with: `a/` for `./a`, nothing for `.`. */
function beginning(folder: string): string {
  return join(folder, '-').slice(0, -1);
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw readError(error, path);
  }
}

function reading<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw readError(error, path);
  }
}
