import { type Dirent, existsSync, lstatSync, opendirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readError } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { FileState, FormatName, InputFile } from '../formats/format.js';
import {
  compressionByName,
  formatByName,
  formatOf,
  knownExtensions,
  onlyNamedExtensions,
} from '../formats/index.js';
import { isAddress, storedFiles } from '../stores/index.js';
import { type StoredFile, withoutSecrets } from '../stores/store.js';
import { FileList, type Files } from './file-list.js';
import { refuseUnknownOptions } from './unknown.js';

/** The files of an input, in the order in which they are read. */
export interface InputFiles {
  /** At least one. */
  files: Files;
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
  const { files } = found;
  files.sort();
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
    bytes: files.bytes,
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

/** A folder whose files are in the list. */
interface ReadFolder {
  /** Its own files, from one ordinal to another. */
  from: number;
  to: number;
  /** Their names, once they have been asked for. */
  names?: Set<string>;
}

/** Collects files, each by its real path. */
class Found {
  readonly files = new FileList();
  skipped = 0;
  readonly namedFolders: string[] = [];
  /** By real path, with a slash at its end. */
  private readonly folders = new Map<string, ReadFolder>();
  /** Real paths of files that were not found in a folder. */
  private readonly single = new Set<string>();
  private readonly links: Link[] = [];

  constructor(private readonly inputFormat: FormatName | undefined) {}

  addStandardInput(): void {
    const { inputFormat } = this;
    if (inputFormat !== undefined && formatOf(inputFormat).needsFile)
      throw new InputError(
        `standard input: ${inputFormat} is not read from front to back, which a pipe needs; name a file`,
      );
    this.addSingle({ ...stdin, ...asked(inputFormat) }, '-');
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
    const compression = compressionByName(path);
    this.addSingle({ path, ...kind, compression, size, modified: 0, stored }, path);
  }

  private addFile(path: string, real: string, isNamed: boolean): void {
    if (!isNamed && !this.isWanted(path)) {
      this.skipped++;
      return;
    }
    if (this.isListed(real)) return;
    const entry = statOf(path);
    const kind = this.kindOf(path);
    const isStream = entry.isFIFO() || entry.isCharacterDevice();
    if (!entry.isFile() && (!isStream || formatOf(kind.format).needsFile))
      throw new InputError(`${path}: is not a regular file; pipe it in, and give - as the input`);
    // Node's realpath, and with it the module loader, does not resolve links if the last file asked about was a pipe.
    if (isStream) statSync('.');
    const { size, mtimeMs: modified } = entry;
    if (isStream) this.addSingle({ path, ...kind, size, modified, isStream }, real);
    else this.addSingle({ path, ...kind, ...stateOf(entry) }, real);
  }

  private addSingle(file: InputFile, real: string): void {
    if (this.single.has(real)) return;
    this.single.add(real);
    this.files.add(file);
  }

  private isListed(real: string): boolean {
    if (this.single.has(real)) return true;
    const folder = this.folders.get(beginning(dirname(real)));
    if (!folder) return false;
    folder.names ??= new Set(this.files.namesOf(folder.from, folder.to));
    return folder.names.has(real.slice(real.lastIndexOf('/') + 1));
  }

  /** Whether a file is read that nobody named. */
  private isWanted(path: string): boolean {
    if (this.inputFormat !== undefined) return true;
    const byName = formatByName(path);
    return byName !== undefined && !byName.onlyNamed;
  }

  private kindOf(path: string): Pick<InputFile, 'format' | 'compression' | 'isAsked'> {
    const format = formatByName(path)?.name ?? 'text';
    return { format, compression: compressionByName(path), ...asked(this.inputFormat) };
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
    // Joining paths takes as long as a file's stat, so the folder's own is normalized once.
    const folder = beginning(path);
    const realFolder = beginning(real);
    if (this.folders.has(realFolder)) return;
    const own: ReadFolder = { from: this.files.length, to: this.files.length };
    this.folders.set(realFolder, own);
    const folders: string[] = [];
    const names: string[] = [];
    reading(path, () => {
      for (const entry of entriesOf(real)) {
        const { name } = entry;
        if (name.startsWith('.')) continue;
        if (entry.isSymbolicLink()) this.links.push({ path: folder + name, isNamed: false });
        else if (entry.isDirectory()) folders.push(name);
        else if (entry.isFile() && !this.isWanted(name)) this.skipped++;
        else if (entry.isFile()) names.push(name);
      }
    });
    this.addFiles(folder, realFolder, names.sort());
    own.to = this.files.length;
    for (const name of folders.sort()) this.addFolder(folder + name, realFolder + name);
  }

  /** Files of a folder, of which there may be many. */
  private addFiles(folder: string, realFolder: string, names: readonly string[]): void {
    const { files, single } = this;
    if (names.length === 0) return;
    const number = files.folderNumber(folder);
    for (const name of names) {
      if (single.size > 0 && single.has(realFolder + name)) continue;
      const path = folder + name;
      const entry = statOf(path);
      // What was a file when the folder was read may have become something else.
      if (entry.isFile())
        files.addNumbered(number, name, files.kindNumber(this.kindOf(name)), stateOf(entry));
      else this.addFile(path, realFolder + name, false);
    }
  }
}

/** The entries of a folder, of which only some are in memory at a time. */
function* entriesOf(path: string): Generator<Dirent> {
  const folder = opendirSync(path, { bufferSize: 256 });
  try {
    for (let entry = folder.readSync(); entry; entry = folder.readSync()) yield entry;
  } finally {
    folder.closeSync();
  }
}

function stateOf({ size, mtimeMs, ctimeMs, ino }: Stats): Omit<FileState, 'path'> {
  return { size, modified: mtimeMs, changed: ctimeMs, inode: ino };
}

/** The path with links resolved; a shell's `<(…)`, such as `/dev/fd/63`, resolves to no path and is kept. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
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
