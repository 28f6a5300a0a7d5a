import { resolve } from 'node:path';
import type { InputFile } from '../formats/format.js';

/** Files in the order in which they are read; an array of them will do. */
export interface Files extends Iterable<InputFile> {
  readonly length: number;
  at(ordinal: number): InputFile | undefined;
  map<T>(make: (file: InputFile) => T): T[];
  find(test: (file: InputFile) => boolean): InputFile | undefined;
  some(test: (file: InputFile) => boolean): boolean;
}

/** What files have in common. */
type Kind = Pick<InputFile, 'format' | 'compression' | 'isAsked' | 'isStream'>;

/** Numbers of a file: four of its state, and its folder and kind. */
const SIZE = 0;
const MODIFIED = 1;
const CHANGED = 2;
const INODE = 3;
const FOLDER = 4;
const KIND = 5;
const NUMBERS = 6;

/** Files whose numbers share an array, as a power of two. */
const BLOCK_BITS = 10;
const BLOCK = 1 << BLOCK_BITS;

/**
 * Files of an input, of which there may be millions: each takes its name, which its folder's path precedes, and six
 * numbers. Objects are made as they are asked for.
 */
export class FileList implements Files {
  private readonly names: string[] = [];
  private blocks: Float64Array[] = [];
  /** Paths that names follow, as the user wrote them. */
  private readonly folders: string[] = [];
  private readonly absoluteFolders: string[] = [];
  private readonly folderNumbers = new Map<string, number>();
  private readonly kinds: Kind[] = [];
  /** By format, compression and so on. */
  private readonly kindNumbers = new Map<string, number>();
  /** Of files in stores, by path. */
  private readonly stored = new Map<string, InputFile['stored']>();

  /** The list itself, or one of these files. */
  static of(files: Files): FileList {
    if (files instanceof FileList) return files;
    const list = new FileList();
    for (const file of files) list.add(file);
    return list;
  }

  get length(): number {
    return this.names.length;
  }

  /** Adds a file behind the others. */
  add(file: InputFile): void {
    const { path, format, compression, isAsked, isStream, stored } = file;
    const end = path.lastIndexOf('/') + 1;
    const kind: Kind = { format, compression };
    if (isAsked) kind.isAsked = true;
    if (isStream) kind.isStream = true;
    const folder = this.folderNumber(path.slice(0, end), stored !== undefined || path === '-');
    if (stored) this.stored.set(path, stored);
    // A slice would keep the whole path.
    const name = Buffer.from(path.slice(end)).toString();
    this.addNumbered(folder, name, this.kindNumber(kind), file);
  }

  /** The number of a folder, for {@link addNumbered}; its path ends with a slash unless it is empty. */
  folderNumber(path: string, isAddress = false): number {
    const absolute = isAddress ? path : resolve(path, '-').slice(0, -1);
    const key = `${path}\0${absolute}`;
    const known = this.folderNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.folders.push(path) - 1;
    this.absoluteFolders.push(absolute);
    this.folderNumbers.set(key, number);
    return number;
  }

  /** The number of a kind, for {@link addNumbered}. */
  kindNumber(kind: Kind): number {
    const key = `${kind.format} ${kind.compression} ${kind.isAsked} ${kind.isStream}`;
    const known = this.kindNumbers.get(key);
    if (known !== undefined) return known;
    const number = this.kinds.push(kind) - 1;
    this.kindNumbers.set(key, number);
    return number;
  }

  addNumbered(
    folder: number,
    name: string,
    kind: number,
    { size, modified, changed, inode }: Pick<InputFile, 'size' | 'modified' | 'changed' | 'inode'>,
  ): void {
    const ordinal = this.names.push(name) - 1;
    const at = (ordinal & (BLOCK - 1)) * NUMBERS;
    if (at === 0) this.blocks.push(new Float64Array(BLOCK * NUMBERS));
    const block = this.blocks.at(-1)!;
    block[at + SIZE] = size;
    block[at + MODIFIED] = modified;
    block[at + CHANGED] = changed ?? Number.NaN;
    block[at + INODE] = inode ?? Number.NaN;
    block[at + FOLDER] = folder;
    block[at + KIND] = kind;
  }

  at(ordinal: number): InputFile | undefined {
    const name = this.names[ordinal];
    if (name === undefined) return undefined;
    const number = (which: number) => this.number(ordinal, which);
    const path = this.folders[number(FOLDER)]! + name;
    const { format, compression, isAsked, isStream } = this.kinds[number(KIND)]!;
    const file: InputFile = { path, format, compression, size: number(SIZE), modified: number(MODIFIED) };
    if (isAsked) file.isAsked = isAsked;
    if (isStream) file.isStream = isStream;
    const changed = number(CHANGED);
    if (!Number.isNaN(changed)) {
      file.changed = changed;
      file.inode = number(INODE);
    }
    const stored = this.stored.size > 0 ? this.stored.get(path) : undefined;
    if (stored) file.stored = stored;
    return file;
  }

  *[Symbol.iterator](): Generator<InputFile> {
    for (let ordinal = 0; ordinal < this.length; ordinal++) yield this.at(ordinal)!;
  }

  map<T>(make: (file: InputFile) => T): T[] {
    return Array.from(this, make);
  }

  find(test: (file: InputFile) => boolean): InputFile | undefined {
    for (const file of this) if (test(file)) return file;
    return undefined;
  }

  some(test: (file: InputFile) => boolean): boolean {
    return this.find(test) !== undefined;
  }

  /** The path of a file from the root, or its address; of standard input, `-`. */
  absolutePath(ordinal: number): string {
    return this.absoluteFolders[this.number(ordinal, FOLDER)]! + this.names[ordinal]!;
  }

  /** Bytes on disk of all files. */
  get bytes(): number {
    let bytes = 0;
    for (let ordinal = 0; ordinal < this.length; ordinal++) bytes += this.number(ordinal, SIZE);
    return bytes;
  }

  /** The names of some files that were added one after the other. */
  namesOf(from: number, to: number): string[] {
    return this.names.slice(from, to);
  }

  /** Orders the files by the bytes of their absolute paths, which in one folder is the order of their relative paths. */
  sort(): void {
    const { names, blocks } = this;
    // JavaScript compares UTF-16 units, which differs from bytes only beyond U+D7FF.
    const isSimple = ![this.absoluteFolders, names].some((texts) => texts.some((text) => BEYOND.test(text)));
    const bytesOf = (ordinal: number) => Buffer.from(this.absolutePath(ordinal));
    const compare = (a: number, b: number) => {
      if (!isSimple) return Buffer.compare(bytesOf(a), bytesOf(b));
      const isSameFolder = this.number(a, FOLDER) === this.number(b, FOLDER);
      const isBefore = isSameFolder ? names[a]! < names[b]! : this.absolutePath(a) < this.absolutePath(b);
      return isBefore ? -1 : 1;
    };
    const order = Array.from(names.keys());
    if (order.every((ordinal) => ordinal === 0 || compare(ordinal - 1, ordinal) < 0)) return;
    order.sort(compare);
    const sorted = order.map((ordinal) => names[ordinal]!);
    this.blocks = blocks.map((block) => new Float64Array(block.length));
    for (const [ordinal, former] of order.entries()) {
      names[ordinal] = sorted[ordinal]!;
      const numbers = blocks[former >> BLOCK_BITS]!;
      const from = (former & (BLOCK - 1)) * NUMBERS;
      const to = (ordinal & (BLOCK - 1)) * NUMBERS;
      this.blocks[ordinal >> BLOCK_BITS]!.set(numbers.subarray(from, from + NUMBERS), to);
    }
  }

  private number(ordinal: number, which: number): number {
    return this.blocks[ordinal >> BLOCK_BITS]![(ordinal & (BLOCK - 1)) * NUMBERS + which]!;
  }
}

const BEYOND = /[\ud800-\uffff]/;
