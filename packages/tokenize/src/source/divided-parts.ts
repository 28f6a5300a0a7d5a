import type {
  FileRanges,
  Format,
  RowDivision,
  RowPart,
  RowReader,
  StreamSection,
} from '../formats/format.js';
import { readDefaults } from '../options.js';
import { chunkParts, type PartOptions, type PlacedFile, type PlacedParts, partOf } from './parts.js';
import { openReader } from './reader.js';
import type { UnitPart } from './unit.js';
import { unitMemory } from './unit-memory.js';

/** Bytes of a stored file that are fetched at a time, and how many such blocks are kept. */
const BLOCK_BYTES = 16 << 20;
const BLOCKS = 3;

/**
 * Parts of a file of rows, which workers read themselves unless it is in a store. Each of them begins at a place of its
 * own, so that a share ends inside a file too, and what is before the share is only counted.
 * @param wantedFrom - where in the content the first part may begin that is wanted, by the place of a section
 */
export async function* dividedParts(
  placed: PlacedFile,
  format: Format & { rows: RowDivision },
  options: PartOptions,
  wantedFrom: (placed: PlacedFile) => number,
): AsyncGenerator<PlacedParts[]> {
  const { file, position } = placed;
  const reader = openReader(file);
  let rows: RowReader | undefined;
  try {
    const ranges = file.stored ? inBlocks(reader) : reader;
    let start = 0;
    for await (const section of format.rows.divide(ranges, options.textField ?? readDefaults.textField)) {
      const from = { ...placed, position: position + section.from };
      const wanted = wantedFrom(from);
      if ('chunks' in section) {
        for await (const parts of streamedSection(from, format, section, options, start, wanted)) {
          start = parts.parts.at(-1)!.end;
          yield [parts];
        }
        continue;
      }
      const parts: UnitPart[] = [];
      const isFetched = file.stored !== undefined && start >= wanted;
      for (const rowPart of section.parts) {
        const part = rowsPart(placed, format, rowPart, start, options);
        if (isFetched) {
          rows ??= format.rows.reader();
          part.data = shared(await rows.read(ranges, rowPart.plan));
        }
        parts.push(part);
        start = part.end;
      }
      yield [{ parts, position: from.position, inputEnd: position + section.to, isWhole: false }];
    }
  } finally {
    rows?.close();
    await reader.close();
  }
}

/**
 * Parts of a section whose text is decoded here. Each byte of it counts as a row.
 * @param placed - the file, and where in the input the section begins
 * @param base - the number of the section's first row in the file
 * @param wanted - as for {@link dividedParts}
 */
async function* streamedSection(
  placed: PlacedFile,
  format: Format,
  { from, chunks, isLast: isLastSection }: StreamSection,
  options: PartOptions,
  base: number,
  wanted: number,
): AsyncGenerator<PlacedParts> {
  const { file, position } = placed;
  for await (const { part, isLast } of chunkParts(placed, format, chunks, options, wanted - base)) {
    const isEnd = isLast && isLastSection();
    const isWhole = isEnd && base + part.start === 0;
    const inputEnd = isEnd ? position - from + file.size : position;
    for (const place of ['start', 'end', 'documentStart'] as const) part[place] += base;
    yield { parts: [part], position, inputEnd, isWhole };
  }
}

function rowsPart(
  placed: PlacedFile,
  format: Format & { rows: RowDivision },
  { rows, bytes, plan }: RowPart,
  start: number,
  options: PartOptions,
): UnitPart {
  const range = { start, end: start + rows, documentStart: start, data: undefined };
  return {
    ...partOf(placed, format.content, range, options),
    rows: { format: format.name, bytes, plan },
  };
}

/** A copy in memory that threads share. */
function shared(text: Uint8Array): Uint8Array {
  const copy = unitMemory(text.length).subarray(0, text.length);
  copy.set(text);
  return copy;
}

/** Reads a stored file in large blocks, the last of which are kept: each request takes its time. */
function inBlocks(reader: FileRanges): FileRanges {
  const { file } = reader;
  const blocks = new Map<number, Uint8Array>();
  const blockAt = async (start: number): Promise<Uint8Array> => {
    const block = blocks.get(start) ?? (await reader.readAt(start, Math.min(file.size, start + BLOCK_BYTES)));
    // The one that was used last is the last to go.
    blocks.delete(start);
    blocks.set(start, block);
    for (const oldest of blocks.keys()) if (blocks.size > BLOCKS) blocks.delete(oldest);
    return block;
  };
  return {
    file,
    readAt: (from, to) => reader.readAt(from, to),
    async readInto(bytes, from) {
      for (let done = 0; done < bytes.length; ) {
        const offset = (from + done) % BLOCK_BYTES;
        const block = await blockAt(from + done - offset);
        const piece = block.subarray(offset, offset + bytes.length - done);
        if (piece.length === 0) throw new Error('a page lies outside the file');
        bytes.set(piece, done);
        done += piece.length;
      }
    },
  };
}
