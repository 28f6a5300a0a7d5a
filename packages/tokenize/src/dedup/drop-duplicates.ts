import { createHash, hash as hashOf } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { InputError, mention, say } from '@mlm/base/errors';
import { documents } from '../encoder/documents.js';
import { isSpace, skipSpace } from '../source/boundary.js';
import type { Unit, UnitPart } from '../source/unit.js';
import { PartReader } from '../worker/read-unit.js';
import { HashSet } from './hash-set.js';

/** Options of {@link dropDuplicates}. */
export interface DropOptions {
  textField: string;
  skipsBadRecords: boolean;
  /** Whether each line is a document, whatever the parts say. */
  lineByLine: boolean;
  /** Bytes for hashes, and for text held until its document ends. */
  memory: number;
}

type Ranges = number[];

/** A unit held until it is known whether its last document is a duplicate. */
interface HeldUnit<U> {
  unit: U;
  parts: { duplicates: Ranges; count: number; lastDocument: number }[];
  bytes: number;
}

/**
 * Marks documents that occurred earlier in the input, for workers to leave out. Documents are equal if their bytes are,
 * ignoring ASCII whitespace around them; they are compared by 128 bits of SHA-256. The marks depend on the text and its
 * order alone, not on how units divide it (a document may span several) or on the workers.
 *
 * @param units all units of the input, in order
 * @throws InputError if the documents need more than `memory`
 */
export async function* dropDuplicates<U extends Pick<Unit, 'parts'>>(
  units: AsyncIterable<U>,
  options: DropOptions,
): AsyncGenerator<U> {
  const dropper = new DuplicateDropper<U>(options);
  for await (const unit of units) {
    await dropper.add(unit);
    yield* dropper.decided();
    dropper.checkHeldText();
    // Hashing keeps the thread busy: let other work, and Ctrl-C, through.
    await setImmediate();
  }
  dropper.closeDocument();
  yield* dropper.decided();
}

class DuplicateDropper<U extends Pick<Unit, 'parts'>> {
  private readonly reader: PartReader;
  private readonly seen: HashSet;
  private held: HeldUnit<U>[] = [];
  private heldBytes = 0;
  /** The last document of the text so far, which may continue in the next part. */
  private open: OpenDocument<HeldUnit<U>> | undefined;
  /** Where the text so far ended: only there can a line that is a document continue. */
  private last: { file: number; endsLine: boolean } | undefined;

  constructor(private readonly options: DropOptions) {
    this.reader = new PartReader(options.textField, options.skipsBadRecords);
    this.seen = new HashSet(options.memory, () => this.refuseMoreDocuments());
  }

  async add(unit: U): Promise<void> {
    const bytes = unit.parts.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
    const held: HeldUnit<U> = { unit, parts: [], bytes };
    this.held.push(held);
    this.heldBytes += bytes;
    for (const part of unit.parts) await this.addPart(held, part);
    this.reader.takeSkipped();
  }

  /** Units that no open document touches. */
  *decided(): Generator<U> {
    while (this.held.length > 0 && this.held[0] !== this.open?.unit) {
      const { unit, parts, bytes } = this.held.shift()!;
      this.heldBytes -= bytes;
      yield parts.some(({ duplicates, count }) => duplicates.length + count > 0)
        ? { ...unit, parts: unit.parts.map((part, i) => marked(part, parts[i]!)) }
        : unit;
    }
  }

  closeDocument(): void {
    const { open } = this;
    this.open = undefined;
    if (!open || open.isEmpty || this.seen.add(open.digest())) return;
    for (const { ranges, from, to } of open.pieces) ranges.push(from, to);
    open.begun.count++;
  }

  private async addPart(held: HeldUnit<U>, part: UnitPart): Promise<void> {
    // Reading may change the bytes, and the worker reads them again.
    const read = await this.reader.read(part.data ? { ...part, data: part.data.slice() } : part);
    const { bytes } = read;
    const mode = this.options.lineByLine ? 'line' : read.document;
    if (!this.continues(part, mode === read.document)) this.closeDocument();
    const found = documents(bytes, mode);
    const own = { duplicates: [] as Ranges, count: 0, lastDocument: -1 };
    held.parts.push(own);
    for (const [i, { start, end }] of found.entries()) {
      const from = skipSpace(bytes, start, end);
      const to = textEnd(bytes, from, end);
      const isLast = i === found.length - 1;
      if (to > from) own.lastDocument = from;
      if (isLast || this.open) {
        this.open ??= new OpenDocument(held, own);
        this.open.add(bytes.subarray(this.open.isEmpty ? from : start, end), part.format === 'text');
        if (to > from || mode === 'none') this.open.pieces.push({ ranges: own.duplicates, from, to });
        if (!isLast) this.closeDocument();
      } else if (to > from && !this.seen.add(hashOf('sha256', bytes.subarray(from, to), 'buffer'))) {
        own.duplicates.push(from, to);
        own.count++;
      }
    }
    const space = bytes.subarray(textEnd(bytes, 0, bytes.length));
    // A carriage return alone ends a line too; at a part's end it is not yet a line feed.
    this.last = { file: part.file, endsLine: space.includes(10) || space.at(-1) === 13 };
  }

  /** Whether a part continues the last document of the part before it. */
  private continues(part: UnitPart, hasOwnDocuments: boolean): boolean {
    if (hasOwnDocuments) return part.documentStart < part.start;
    return part.start > 0 && this.last?.file === part.file && !this.last.endsLine;
  }

  /** Text that workers can read again takes no memory here; of other text, one unit is always allowed. */
  checkHeldText(): void {
    const waiting = this.heldBytes - (this.held.at(-1)?.bytes ?? 0);
    if (waiting + this.seen.bytes <= this.options.memory) return;
    const { path } = this.held[0]!.unit.parts[0]!;
    throw new InputError(
      say`${path}: a document is longer than ${mention('dedupMemory', this.options.memory)} allows (${waiting} bytes so far); raise it, decompress the file, or leave out ${mention('dedup')}`,
    );
  }

  private refuseMoreDocuments(): never {
    throw new InputError(
      say`${this.seen.size} different documents fill ${mention('dedupMemory', this.options.memory)}; raise it (a document takes up to 32 bytes), or leave out ${mention('dedup')}`,
    );
  }
}

/** A document that may continue in the next part. */
class OpenDocument<Held> {
  isEmpty = true;
  readonly pieces: { ranges: Ranges; from: number; to: number }[] = [];
  private readonly hash = createHash('sha256');
  /** Trailing whitespace, part of the document only if more text follows. */
  private space = new Uint8Array(0);

  constructor(
    /** Where it begins. */
    readonly unit: Held,
    readonly begun: { count: number },
  ) {}

  add(bytes: Uint8Array, hasPlainLineEnds: boolean): void {
    const end = textEnd(bytes, 0, bytes.length);
    if (end > 0) {
      // A lone carriage return counts as a line feed; whether a part's last byte is one shows only in the next part.
      if (hasPlainLineEnds && this.space.at(-1) === 13) this.space[this.space.length - 1] = 10;
      this.hash.update(this.space).update(bytes.subarray(0, end));
      this.isEmpty = false;
      // A copy, which a Buffer's `slice` is not: the next part is read into the same memory.
      this.space = Uint8Array.from(bytes.subarray(end));
    } else if (!this.isEmpty) this.space = Buffer.concat([this.space, bytes]);
  }

  digest(): Uint8Array {
    return this.hash.digest();
  }
}

/** The part with its duplicates; without the hash of its last document if that one is dropped. */
function marked(
  { lastOpeningHash, ...part }: UnitPart,
  { duplicates, count, lastDocument }: HeldUnit<unknown>['parts'][number],
): UnitPart {
  const dropsLast = duplicates.at(-2) === lastDocument;
  const known = dropsLast || lastOpeningHash === undefined ? {} : { lastOpeningHash };
  if (duplicates.length + count === 0) return { ...part, ...known };
  return { ...part, ...known, duplicates: { ranges: Uint32Array.from(duplicates), count } };
}

/** The end of the text without trailing whitespace. */
function textEnd(bytes: Uint8Array, from: number, to: number): number {
  let end = to;
  while (end > from && isSpace(bytes[end - 1]!)) end--;
  return end;
}
