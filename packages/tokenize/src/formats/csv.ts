import { InputError } from '@mlm/base/errors';
import { type Format, type InputReader, markLength } from './format.js';
import { BAD_RECORD, jsonl } from './jsonl.js';
import { isTable, noNamedColumn, type Separator, separatorOf } from './table-head.js';

const QUOTE = 34;
const BACKSLASH = 92;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const TAB = 9;
const SPACE = 32;

/** The longest text of a record. */
const RECORD_BYTES = 64 << 20;

/** The longest line of names. */
const HEADER_BYTES = 1 << 20;

/** The leading bytes in which the line of names is sought to tell the separator. */
const HEAD_BYTES = 64 << 10;

/** Comma-separated values, and what spreadsheets write in their place where a comma is the decimal point. */
export const csv: Format = table('csv', [',', ';', '|']);

/** Tab-separated values. */
export const tsv: Format = table('tsv', ['\t']);

/**
 * A table whose first record names its columns, and tells by the text's column what separates fields if that is not
 * the usual separator (RFC 4180, as pandas reads it by default): a field may be quoted, with
 * quotes inside doubled; a record ends at LF, CR LF or CR; empty lines and those of spaces are skipped; fields after the text may be missing
 * at the end of a record. All fields are text: "NA" is not null here. Records become JSON lines with the one field.
 */
function table(name: 'csv' | 'tsv', separators: readonly [Separator, ...Separator[]]): Format {
  return {
    name,
    extensions: [name],
    onlyNamed: true,
    content: jsonl.content,
    countsRecords: true,
    recognises: (head) => separators.some((separator) => isTable(head, separator)),
    open: (input, field) => records(input, field, separators[0]),
  };
}

async function* records(input: InputReader, field: string, usual: Separator): AsyncGenerator<Uint8Array> {
  const head = await input.head(HEAD_BYTES);
  const separator = separatorOf(head, head.length < HEAD_BYTES, field, usual);
  const parser = new TableParser(input, field, separator);
  let isFirst = true;
  for await (const chunk of input.chunks()) {
    yield parser.parse(isFirst ? chunk.subarray(markLength(chunk)) : chunk);
    isFirst = false;
  }
  yield parser.end();
}

/** The parser's state within a field. */
const START = 0;
const PLAIN = 1;
const QUOTED = 2;
/** After a quote in a quoted field: the field's end, or the first of two quotes. */
const AFTER_QUOTE = 3;

class TableParser {
  private state = START;
  private hasFields = false;
  /** Whether the record holds nothing but spaces and tabs, and no quotes. */
  private isBlank = true;
  private fields = 0;
  private isAfterReturn = false;
  /** Names of the columns once they are known; until then, the bytes of each. */
  private names: string[] | undefined;
  private readonly nameBytes: number[][] = [[]];
  private headerBytes = 0;
  /** The column of text. */
  private column = -1;
  private out = new Uint8Array(1 << 16);
  private length = 0;
  /** Start of the current record in the output; an unfinished record is kept for the next chunk. */
  private recordStart = 0;
  private readonly textStart: Buffer;
  private readonly separatorByte: number;

  constructor(
    private readonly input: InputReader,
    private readonly field: string,
    private readonly separator: Separator,
  ) {
    this.separatorByte = separator.charCodeAt(0);
    this.textStart = Buffer.from(`{${JSON.stringify(field)}:`);
  }

  /** The records that end in this chunk. */
  parse(bytes: Uint8Array): Uint8Array {
    this.out.copyWithin(0, this.recordStart, this.length);
    this.length -= this.recordStart;
    this.recordStart = 0;
    if (this.length > RECORD_BYTES)
      throw new InputError(
        `${this.input.file.path}: a record is longer than 64 MiB; split it or leave it out`,
      );
    for (let i = 0; i < bytes.length; i++) this.take(bytes[i]!);
    return this.out.subarray(0, this.recordStart);
  }

  /** The last record, which the end of the file ends. */
  end(): Uint8Array {
    if (!this.names && !this.hasFields) return new Uint8Array(0);
    this.parse(new Uint8Array(0));
    if (this.state === QUOTED) {
      this.refuse('has quotes that are not closed');
      this.names ??= [];
    } else if (this.hasFields) this.endRecord();
    return this.out.subarray(0, this.recordStart);
  }

  private take(byte: number): void {
    if (this.state === QUOTED) {
      if (byte === QUOTE) this.state = AFTER_QUOTE;
      else this.add(byte);
      return;
    }
    const isAfterReturn = this.isAfterReturn;
    this.isAfterReturn = byte === CARRIAGE_RETURN;
    if (byte === LINE_FEED && isAfterReturn) return;
    if (byte === LINE_FEED || byte === CARRIAGE_RETURN) {
      if (this.hasFields) this.endRecord();
      return;
    }
    this.hasFields = true;
    if (byte !== SPACE && byte !== TAB) this.isBlank = false;
    if (byte === this.separatorByte) {
      this.endField();
      this.fields++;
      if (!this.names) this.nameBytes.push([]);
      this.state = START;
    } else if (byte === QUOTE && this.state !== PLAIN) {
      // The second of two quotes is part of the text.
      if (this.state === AFTER_QUOTE) this.add(QUOTE);
      this.state = QUOTED;
      this.beginField();
    } else {
      this.state = PLAIN;
      this.add(byte);
    }
  }

  private get isText(): boolean {
    return this.fields === this.column;
  }

  /** Begins the field's text in the output, unless it has been begun. */
  private beginField(): void {
    if (!this.isText || this.length > this.recordStart) return;
    this.write(this.textStart, QUOTE_BYTES);
  }

  private add(byte: number): void {
    if (!this.names) {
      if (++this.headerBytes > HEADER_BYTES)
        throw new InputError(
          `${this.input.file.path}: its first line, the column names, is longer than 1 MiB; is it a table?`,
        );
      this.nameBytes[this.fields]!.push(byte);
      return;
    }
    if (!this.isText) return;
    this.beginField();
    this.reserve(6);
    if (byte === QUOTE || byte === BACKSLASH) this.out[this.length++] = BACKSLASH;
    if (byte >= 32) this.out[this.length++] = byte;
    else this.write(Buffer.from(`\\u${byte.toString(16).padStart(4, '0')}`));
  }

  private endField(): void {
    if (!this.names || !this.isText) return;
    this.beginField();
    this.write(QUOTE_BYTES);
  }

  private endRecord(): void {
    this.endField();
    this.state = START;
    this.hasFields = false;
    const fields = this.fields + 1;
    const { isBlank } = this;
    this.fields = 0;
    this.isBlank = true;
    if (!this.names) {
      this.names = this.nameBytes.map((bytes) => Buffer.from(bytes).toString());
      this.column = this.names.indexOf(this.field);
      if (this.column < 0) throw noNamedColumn(this.input.file.path, this.field, this.names, this.separator);
      return;
    }
    if (isBlank && fields === 1 && this.names.length > 1) {
      this.length = this.recordStart;
      return;
    }
    const hasText = this.length > this.recordStart;
    if (fields > this.names.length || !hasText) {
      this.refuse(`has ${fields} ${fields === 1 ? 'field' : 'fields'}, expected ${this.names.length}`);
      return;
    }
    this.write(Buffer.from('}\n'));
    this.recordStart = this.length;
  }

  /** Writes, in place of the record, why it cannot be read. */
  private refuse(problem: string): void {
    this.length = this.recordStart;
    this.write(Buffer.from([BAD_RECORD, ...Buffer.from(problem), LINE_FEED]));
    this.recordStart = this.length;
  }

  private write(...parts: Uint8Array[]): void {
    for (const bytes of parts) {
      this.reserve(bytes.length);
      this.out.set(bytes, this.length);
      this.length += bytes.length;
    }
  }

  private reserve(more: number): void {
    if (this.length + more <= this.out.length) return;
    const larger = new Uint8Array(2 * this.out.length + more);
    larger.set(this.out);
    this.out = larger;
  }
}

const QUOTE_BYTES = Buffer.from('"');
