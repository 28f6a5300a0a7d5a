import { InputError } from '@mlm/base/errors';
import { type Format, firstCharacter, type InputReader, markLength } from './format.js';
import { isJsonLines, jsonl } from './jsonl.js';

const QUOTE = 34;
const COMMA = 44;
const BACKSLASH = 92;
const LINE_FEED = 10;
const SPACE = 32;
const ARRAY_START = 91;
const ARRAY_END = 93;
const OBJECT_START = 123;
const OBJECT_END = 125;

/** Leading bytes that tell JSON lines from other JSON. */
const HEAD_BYTES = 64 << 10;

/**
 * JSON as `datasets` reads it: one object per line, or an array of objects or strings in any layout. Its elements
 * become JSON lines and are checked as such.
 */
export const json: Format = {
  name: 'json',
  extensions: ['json'],
  onlyNamed: true,
  content: jsonl.content,
  countsRecords: true,
  recognises(head) {
    const first = firstCharacter(head);
    if (first !== ARRAY_START && first !== OBJECT_START) return false;
    return /^\s*(?:\[\s*)?\{\s*"(?:[^"\\]|\\.)*"\s*:/.test(Buffer.from(head).toString('latin1'));
  },
  async *open(input, field) {
    if (isJsonLines(await input.head(HEAD_BYTES))) yield* input.chunks();
    else yield* elements(input, field);
  },
};

/** The elements of an array, or successive objects, as lines. */
async function* elements(input: InputReader, field: string): AsyncGenerator<Uint8Array> {
  const scanner = new ElementScanner(input.file.path, Buffer.from(`{${JSON.stringify(field)}:`));
  await input.head(3);
  let isFirst = true;
  for await (const chunk of input.chunks()) {
    yield scanner.scan(isFirst ? chunk.subarray(markLength(chunk)) : chunk);
    isFirst = false;
  }
  if (scanner.isInside)
    throw new InputError(`${input.file.path}: ends inside its JSON; restore it or leave it out`);
}

/** Finds where elements begin and end, across chunks of any size; the decoder of JSON lines checks their content. */
class ElementScanner {
  private isInArray = false;
  private hasBegun = false;
  /** Whether the array has ended, after which nothing may follow. */
  private isEnded = false;
  /** Elements so far. */
  private elements = 0;
  /** In an array, what comes before the next byte that is no space. */
  private before: 'nothing' | 'element' | 'comma' = 'nothing';
  /** Open objects and arrays within the element. */
  private depth = 0;
  private isInString = false;
  private isEscaped = false;
  /** Within a bare number or word, which is not a record. */
  private isInWord = false;
  /** Within a string that is itself an element; it becomes an object with the field. */
  private isText = false;
  private out: Buffer = Buffer.alloc(0);

  constructor(
    private readonly path: string,
    private readonly textStart: Buffer,
  ) {}

  get isInside(): boolean {
    return this.isInArray || this.depth > 0 || this.isInString;
  }

  scan(bytes: Uint8Array): Uint8Array {
    // Most bytes are copied, some become two; room for the field's name is made when it is needed.
    let out = this.roomFor(0, 2 * bytes.length);
    let length = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      if (this.isInString) {
        out[length++] = byte;
        if (this.isEscaped) this.isEscaped = false;
        else if (byte === BACKSLASH) this.isEscaped = true;
        else if (byte === QUOTE) {
          this.isInString = false;
          if (this.isText) out[length++] = OBJECT_END;
          if (this.depth === 0) out[length++] = LINE_FEED;
          this.isText = false;
        }
      } else if (this.depth > 0) {
        out[length++] = byte === LINE_FEED || byte === 13 ? SPACE : byte;
        if (byte === QUOTE) this.isInString = true;
        else if (byte === OBJECT_START || byte === ARRAY_START) this.depth++;
        else if ((byte === OBJECT_END || byte === ARRAY_END) && --this.depth === 0) out[length++] = LINE_FEED;
      } else {
        out = this.roomFor(length, 2 * (bytes.length - i) + this.textStart.length);
        length = this.scanBetween(byte, out, length);
      }
    }
    return out.subarray(0, length);
  }

  /** The output, reused for each chunk, with room for more bytes after those it holds. */
  private roomFor(held: number, more: number): Buffer {
    if (held + more > this.out.length) {
      const larger = Buffer.allocUnsafe(2 * (held + more));
      this.out.copy(larger, 0, 0, held);
      this.out = larger;
    }
    return this.out;
  }

  /** A byte outside any object or text. */
  private scanBetween(byte: number, out: Buffer, at: number): number {
    let length = at;
    const isSpace = byte === SPACE || byte === LINE_FEED || byte === 13 || byte === 9;
    const isSeparator = isSpace || byte === COMMA || (byte === ARRAY_END && this.isInArray);
    if (isSeparator) {
      if (this.isInWord) out[length++] = LINE_FEED;
      this.isInWord = false;
      if (!isSpace) this.separate(byte);
      return length;
    }
    if (byte === ARRAY_START && !this.hasBegun) {
      this.isInArray = true;
      this.hasBegun = true;
      return length;
    }
    if (!this.isInWord) this.beginElement();
    if (byte === QUOTE && !this.isInWord) {
      length += this.textStart.copy(out, length);
      this.isInString = true;
      this.isText = true;
    } else if ((byte === OBJECT_START || byte === ARRAY_START) && !this.isInWord) this.depth = 1;
    else this.isInWord = true;
    out[length++] = byte;
    return length;
  }

  /** A comma, or the end of the array. */
  private separate(byte: number): void {
    const isComma = byte === COMMA;
    // Outside an array, one object follows another without a comma.
    if (isComma ? !this.isInArray || this.before !== 'element' : this.before === 'comma')
      throw this.malformed(`a comma after record ${this.elements} separates nothing`);
    this.before = 'comma';
    if (isComma) return;
    this.isInArray = false;
    this.isEnded = true;
  }

  private beginElement(): void {
    if (this.isEnded) throw this.malformed(`something follows the end of its array`);
    if (this.isInArray && this.before === 'element')
      throw this.malformed(`no comma separates record ${this.elements} from the next`);
    this.hasBegun = true;
    this.before = 'element';
    this.elements++;
  }

  private malformed(problem: string): InputError {
    return new InputError(`${this.path}: is not JSON: ${problem}; correct it or leave it out`);
  }
}
