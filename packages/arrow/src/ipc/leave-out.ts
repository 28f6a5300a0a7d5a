import { FlatTable } from './flatbuffer.js';
import type { BatchLayout, ColumnType, TypeKind } from './message.js';

/** Types that arrow-js cannot read, or whose values are not checked. */
const unsupported: ReadonlySet<TypeKind> = new Set(['Union', 'RunEndEncoded', 'ListView', 'LargeListView']);

/** The first version of the format in which unions have no validity bitmap. */
const V5 = 4;

function isSupported({ kind, children }: ColumnType): boolean {
  return !unsupported.has(kind) && children.every(isSupported);
}

/** Leaves columns of unsupported types out of the messages of a stream, for a reader that wants another column. */
export class ColumnFilter {
  /** All columns of the schema, and which of them are kept. */
  private columns: { column: ColumnType; isKept: boolean }[] = [];
  private isNeeded = false;

  /** @param wanted the column that is kept whatever its type; a dotted name may lead into it */
  constructor(private readonly wanted: string) {}

  /** A schema message without those columns. */
  schema(metadata: Uint8Array, columns: readonly ColumnType[]): Uint8Array {
    const isWanted = (name: string) => name === this.wanted || this.wanted.startsWith(`${name}.`);
    const version = FlatTable.root(metadata).int16(0);
    this.columns = columns.map((column) => ({
      column,
      isKept: isSupported(column) || isWanted(column.name) || version < V5,
    }));
    this.isNeeded = this.columns.some(({ isKept }) => !isKept);
    if (!this.isNeeded) return metadata;
    const copy = Uint8Array.from(metadata);
    FlatTable.root(copy)
      .table(2)!
      .keep(1, (field) => this.columns[field]!.isKept);
    return copy;
  }

  /** The layout of a record batch without them; the body stays. `undefined` if nothing is left out. */
  batch(batch: BatchLayout): BatchLayout | undefined {
    if (!this.isNeeded) return undefined;
    const { nodes, buffers, variadicCounts } = batch;
    const kept: Pick<BatchLayout, 'nodes' | 'buffers' | 'variadicCounts'> = {
      nodes: [],
      buffers: [],
      variadicCounts: [],
    };
    const at = { nodes: 0, buffers: 0, variadicCounts: 0 };
    for (const { column, isKept } of this.columns) {
      const from = { ...at };
      pass(column, at, variadicCounts);
      if (!isKept) continue;
      kept.nodes.push(...nodes.slice(from.nodes, at.nodes));
      kept.buffers.push(...buffers.slice(from.buffers, at.buffers));
      kept.variadicCounts.push(...variadicCounts.slice(from.variadicCounts, at.variadicCounts));
    }
    // What no column explains stays, and is refused.
    kept.nodes.push(...nodes.slice(at.nodes));
    kept.buffers.push(...buffers.slice(at.buffers));
    return { ...batch, ...kept };
  }

  /** Whether only columns that are left out use a dictionary. */
  leavesOut(dictionary: bigint): boolean {
    const uses = (column: ColumnType): boolean =>
      column.dictionary?.id === dictionary || column.children.some(uses);
    const users = this.columns.filter(({ column }) => uses(column));
    return users.length > 0 && users.every(({ isKept }) => !isKept);
  }
}

/** Moves past the nodes and buffers of a column (https://arrow.apache.org/docs/format/Columnar.html#buffer-listing-for-each-layout). */
function pass(
  column: ColumnType,
  at: { nodes: number; buffers: number; variadicCounts: number },
  variadicCounts: readonly number[],
): void {
  at.nodes++;
  if (column.dictionary) {
    at.buffers += 2;
    return;
  }
  at.buffers += bufferCount(column);
  if (column.kind === 'Utf8View' || column.kind === 'BinaryView')
    at.buffers += variadicCounts[at.variadicCounts++] ?? 0;
  for (const child of column.children) pass(child, at, variadicCounts);
}

/** Buffers of a column itself, without those of its children. */
function bufferCount({ kind, isDense }: ColumnType): number {
  switch (kind) {
    case 'Null':
    case 'RunEndEncoded':
      return 0;
    case 'Struct':
    case 'FixedSizeList':
      return 1;
    case 'Union':
      return isDense ? 2 : 1;
    case 'Utf8':
    case 'LargeUtf8':
    case 'Binary':
    case 'LargeBinary':
    case 'ListView':
    case 'LargeListView':
      return 3;
    default:
      return 2;
  }
}
