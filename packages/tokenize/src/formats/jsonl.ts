import { type Content, type Format, firstCharacter, markLength, RecordError } from './format.js';

const QUOTE = 34;
const BACKSLASH = 92;
const LINE_FEED = 10;
const SPACE = 32;

/** The texts of .jsonl records, one per line. */
export interface RecordTexts {
  /** UTF-8 lines; a line feed inside a record's text has become a space. */
  text: Uint8Array;
  /** For each line, where it starts in `text`. */
  lineStarts: number[];
  /** For each line, where its record starts in the input bytes. */
  recordStarts: number[];
}

/** One JSON object per line, one field of which holds the text. */
const jsonLines: Content = {
  name: 'jsonl',
  cut: 'between lines',
  isRecords: true,
  isRaw: true,
  decode(bytes, { field, isStart, skip }) {
    const mark = isStart ? markLength(bytes) : 0;
    const records = bytes.subarray(mark);
    const { text, lineStarts, recordStarts } = decodeRecords(records, field, skip, records);
    // Mostly, no offset is asked for.
    let starts: Map<number, number> | undefined;
    const rangeOffset = (offset: number) => {
      starts ??= new Map(lineStarts.map((start, i) => [start, mark + recordStarts[i]!]));
      return starts.get(offset) ?? 0;
    };
    return { text, rangeOffset };
  },
};

/** JSON lines. */
export const jsonl: Format = {
  name: 'jsonl',
  extensions: ['jsonl', 'ndjson'],
  content: jsonLines,
  recognises: isJsonLines,
};

/** Whether each line begins as a JSON object with a field and, except for a last one that is cut off, ends as one. */
export function isJsonLines(head: Uint8Array): boolean {
  if (firstCharacter(head) !== OPENING_BRACE) return false;
  const lines = Buffer.from(head).toString('latin1').replace('\xef\xbb\xbf', '').split('\n');
  const whole = lines.slice(0, -1).filter((line) => line.trim() !== '');
  if (whole.length === 0) return OBJECT_START.test(lines.at(-1)!);
  return whole.every((line) => OBJECT_START.test(line) && /\}\s*$/.test(line));
}

const OPENING_BRACE = 0x7b;

const OBJECT_START = /^\s*\{\s*"(?:[^"\\]|\\.)*"\s*:/;

/** First byte of a line that says why its record could not be read, for formats that become JSON lines. */
export const BAD_RECORD = 1;

/**
 * Extracts one text field from each record of .jsonl bytes, without creating strings. The whole line must be JSON (RFC
 * 8259), or the NaN and Infinity that Python writes; the last of repeated fields counts, as with JSON.parse. Blank
 * lines are skipped; a lone surrogate escape becomes U+FFFD.
 * @param skip - called for a line that is not a JSON object or has no such text field (`null` counts as empty)
 * @param out - where to write the texts, at least as long as the records; may be the records themselves, since a text is
 * shorter than its record. Default: new memory
 * @throws RecordError at such a line, without `skip`
 */
export function decodeRecords(
  bytes: Uint8Array,
  field: string,
  skip?: (problem: RecordError) => void,
  out: Uint8Array = new Uint8Array(bytes.length),
): RecordTexts {
  const decoder = new RecordDecoder(bytes, field, skip, out);
  let line = 0;
  for (let start = 0; start < bytes.length; line++) {
    const lineFeed = bytes.indexOf(LINE_FEED, start);
    const end = lineFeed < 0 ? bytes.length : lineFeed;
    decoder.decodeLine(start, end, line);
    start = end + 1;
  }
  return decoder.texts();
}

class RecordDecoder {
  private length = 0;
  private readonly lineStarts: number[] = [];
  private readonly recordStarts: number[] = [];
  /** By depth: the rest of the field's name, and the name of an object that may contain it. */
  private readonly names: { rest: Buffer; step: Buffer | undefined }[];
  private readonly view: DataView;
  private readonly outView: DataView;
  private at = 0;
  private end = 0;
  private line = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly fieldName: string,
    private readonly skip: ((problem: RecordError) => void) | undefined,
    /** What is written never passes what has been read: an escape is no shorter than its character. */
    private readonly out: Uint8Array,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.outView = new DataView(out.buffer, out.byteOffset, out.length);
    const steps = fieldName.split('.');
    this.names = steps.map((step, i) => ({
      rest: Buffer.from(steps.slice(i).join('.')),
      step: i + 1 < steps.length ? Buffer.from(step) : undefined,
    }));
  }

  texts(): RecordTexts {
    const { lineStarts, recordStarts } = this;
    return { text: this.out.subarray(0, this.length), lineStarts, recordStarts };
  }

  decodeLine(start: number, end: number, line: number): void {
    this.at = start;
    this.end = end;
    this.line = line;
    this.skipSpace();
    if (this.at === end) return;
    const textStart = this.length;
    try {
      this.readRecord(textStart);
    } catch (error) {
      if (!this.skip || !(error instanceof RecordError)) throw error;
      this.skip(error);
      this.length = textStart;
      return;
    }
    this.lineStarts.push(textStart);
    this.recordStarts.push(start);
    this.out[this.length++] = LINE_FEED;
  }

  private readRecord(textStart: number): void {
    if (this.peek() === BAD_RECORD) {
      const problem = Buffer.from(this.bytes.subarray(this.at + 1, this.end)).toString('latin1');
      throw this.failure(problem.replaceAll(/[^ -~]/g, '?').slice(0, 200));
    }
    if (!this.readObject(textStart, 0)) throw this.failure(`has no field "${this.fieldName}"`);
    this.skipSpace();
    if (this.at < this.end) throw this.failure('continues after its JSON object');
  }

  /** Reads `{ … }`, leaving the field's text in the output. Returns whether the field was there. */
  private readObject(textStart: number, depth: number): boolean {
    const { rest, step } = this.names[depth]!;
    let isFound = false;
    this.expect(123, 'is not a JSON object');
    this.skipSpace();
    if (this.peek() === 125) {
      this.at++;
      return false;
    }
    for (;;) {
      this.skipSpace();
      const key = this.readKey();
      const isField = rest.equals(key);
      const isStep = step?.equals(key) === true;
      if (isField || isStep) {
        this.length = textStart;
        isFound = false;
      }
      this.skipSpace();
      this.expect(58, 'is not JSON');
      this.skipSpace();
      if (isField && this.peek() === QUOTE) {
        this.readString(true);
        isFound = true;
      } else if (isStep && this.peek() === 123) isFound = this.readObject(textStart, depth + 1);
      else {
        const isNull = this.peek() === 110;
        this.skipValue();
        if (isField && !isNull) throw this.failure(`has no text in its field "${this.fieldName}"`);
        isFound ||= (isField || isStep) && isNull;
      }
      this.skipSpace();
      if (this.peek() === 125) {
        this.at++;
        return isFound;
      }
      this.expect(44, 'is not JSON');
    }
  }

  /** Reads a key, which is valid until the next write. A text found earlier stays in the output. */
  private readKey(): Uint8Array {
    const begin = this.length;
    this.readString(true);
    const key = this.out.subarray(begin, this.length);
    this.length = begin;
    return key;
  }

  private skipValue(): void {
    const byte = this.peek();
    if (byte === QUOTE) this.readString(false);
    else if (byte === 123 || byte === 91) this.skipNested();
    else this.skipScalar();
  }

  /** Skips an object or array without recursion, at any depth. */
  private skipNested(): void {
    const closers: number[] = [];
    for (;;) {
      const byte = this.peek();
      if (byte === 123 || byte === 91) {
        this.at++;
        closers.push(byte + 2);
        this.skipSpace();
        if (this.peek() !== byte + 2) {
          if (byte === 123) this.skipKey();
          continue;
        }
      } else this.skipValue();
      this.skipSpace();
      while (closers.length > 0 && this.peek() === closers.at(-1)) {
        this.at++;
        closers.pop();
        this.skipSpace();
      }
      if (closers.length === 0) return;
      this.expect(44, 'is not JSON');
      if (closers.at(-1) === 125) this.skipKey();
      this.skipSpace();
    }
  }

  private skipKey(): void {
    this.skipSpace();
    this.readString(false);
    this.skipSpace();
    this.expect(58, 'is not JSON');
    this.skipSpace();
  }

  private skipScalar(): void {
    const begin = this.at;
    while (this.at < this.end && isScalarByte(this.bytes[this.at]!)) this.at++;
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + begin, this.at - begin).toString(
      'latin1',
    );
    if (!SCALAR.test(text)) throw this.failure('is not JSON');
  }

  /** Reads a string, copying its text to the output if asked. */
  private readString(copies: boolean): void {
    this.expect(QUOTE, 'is not JSON');
    const { bytes, end, out, view, outView } = this;
    let { at, length } = this;
    for (;;) {
      // Four bytes at a time while they are plain.
      for (; at + 4 <= end; at += 4) {
        const word = view.getInt32(at, true);
        if (endsRun(word)) break;
        if (!copies) continue;
        outView.setInt32(length, word, true);
        length += 4;
      }
      let byte = 0;
      for (; at < end; at++) {
        byte = bytes[at]!;
        if (ENDS_RUN[byte] === 1) break;
        if (copies) out[length++] = byte;
      }
      if (at >= end) throw this.failure('is not JSON: a string is not closed');
      if (byte === QUOTE) break;
      if (byte !== BACKSLASH) throw this.failure('is not JSON: a string contains a control character');
      this.at = at + 1;
      this.length = length;
      this.readEscape(copies);
      ({ at, length } = this);
    }
    this.at = at + 1;
    this.length = length;
  }

  private readEscape(copies: boolean): void {
    const byte = this.peek();
    this.at++;
    const plain = ESCAPES[byte] ?? 0;
    if (plain !== 0) {
      if (copies) this.out[this.length++] = plain;
      return;
    }
    if (byte !== 117) throw this.failure('is not JSON: a backslash escapes nothing');
    let code = this.readHex();
    const isHigh = code >= 0xd800 && code < 0xdc00;
    if (
      isHigh &&
      this.bytes[this.at] === BACKSLASH &&
      this.bytes[this.at + 1] === 117 &&
      this.at + 1 < this.end
    ) {
      const before = this.at;
      this.at += 2;
      const low = this.readHex();
      if (low >= 0xdc00 && low < 0xe000) code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      else this.at = before;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    if (copies) this.appendCodePoint(code === LINE_FEED ? SPACE : code);
  }

  private readHex(): number {
    let code = 0;
    for (let i = 0; i < 4; i++) {
      const digit = this.at < this.end ? hexDigit(this.bytes[this.at]!) : -1;
      if (digit < 0) throw this.failure('is not JSON: \\u without four hexadecimal digits');
      code = code * 16 + digit;
      this.at++;
    }
    return code;
  }

  private appendCodePoint(code: number): void {
    const { out } = this;
    if (code < 0x80) out[this.length++] = code;
    else {
      const continuation = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
      out[this.length++] = [0xc0, 0xe0, 0xf0][continuation - 1]! | (code >> (6 * continuation));
      for (let i = continuation - 1; i >= 0; i--) out[this.length++] = 0x80 | ((code >> (6 * i)) & 63);
    }
  }

  private skipSpace(): void {
    const { bytes, end } = this;
    while (this.at < end) {
      const byte = bytes[this.at]!;
      if (byte !== SPACE && byte !== 9 && byte !== 13) return;
      this.at++;
    }
  }

  private peek(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1;
  }

  private expect(byte: number, problem: string): void {
    if (this.peek() !== byte) throw this.failure(problem);
    this.at++;
  }

  private failure(problem: string): RecordError {
    return new RecordError(problem, this.line);
  }
}

const SCALAR = /^(?:true|false|null|NaN|-?Infinity|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;

/** By the byte after the backslash, the character of a simple escape, else 0; a line feed becomes a space. */
const ESCAPES = new Uint8Array(256);
for (const [byte, character] of [
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [47, 47],
  [98, 8],
  [102, 12],
  [110, SPACE],
  [114, 13],
  [116, 9],
] as const)
  ESCAPES[byte] = character;

/** By byte, whether it ends a run of plain bytes in a string: a quote, a backslash, a control character. */
const ENDS_RUN = new Uint8Array(256).map((_, byte) =>
  byte === QUOTE || byte === BACKSLASH || byte < SPACE ? 1 : 0,
);

/** Whether any of the four bytes of a word ends a run. A borrow may mark a byte wrongly, but only above one that does. */
function endsRun(word: number): boolean {
  const quotes = word ^ 0x22222222;
  const backslashes = word ^ 0x5c5c5c5c;
  const marks =
    ((word - 0x20202020) & ~word) |
    ((quotes - 0x01010101) & ~quotes) |
    ((backslashes - 0x01010101) & ~backslashes);
  return (marks & 0x80808080) !== 0;
}

function isScalarByte(byte: number): boolean {
  return (
    (byte >= 48 && byte <= 57) ||
    (byte >= 97 && byte <= 122) ||
    byte === 69 ||
    byte === 73 ||
    byte === 78 ||
    byte === 43 ||
    byte === 45 ||
    byte === 46
  );
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
