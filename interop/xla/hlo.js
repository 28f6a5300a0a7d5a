// Reads a compiled program of XLA, an HloModuleProtoWithConfig, and says what each of its kernels moves and multiplies.
// Fields as in xla/service/hlo.proto and xla/xla_data.proto.
import { elementCount } from '../../packages/base/dist/shape.js';

/** A protobuf message as field number → values: bigints, or bytes. */
function message(bytes) {
  const fields = new Map();
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const type = tag & 7;
    let value;
    if (type === 0) value = varint();
    else {
      const size = type === 2 ? Number(varint()) : type === 1 ? 8 : 4;
      value = bytes.subarray(at, at + size);
      at += size;
    }
    const values = fields.get(tag >>> 3) ?? [];
    values.push(value);
    fields.set(tag >>> 3, values);
  }
  return fields;
}

const text = (fields, number) => Buffer.from(fields.get(number)?.[0] ?? []).toString();

/** Repeated integers, packed or one by one. */
function integers(fields, number) {
  return (fields.get(number) ?? []).flatMap((value) => {
    if (typeof value === 'bigint') return [Number(value)];
    const list = [];
    let [current, shift] = [0n, 0n];
    for (const byte of value) {
      current |= BigInt(byte & 127) << shift;
      shift += 7n;
      if (byte < 128) {
        list.push(Number(current));
        [current, shift] = [0n, 0n];
      }
    }
    return list;
  });
}

/** Bytes of an element, by PrimitiveType. */
const elementBytes = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 2, 8: 4, 9: 8, 10: 2, 11: 4, 12: 8, 16: 2 };
const TUPLE = 13;

function shape(bytes) {
  const fields = message(bytes);
  const type = Number(fields.get(2)?.[0] ?? 0n);
  const dimensions = integers(fields, 3);
  const parts = type === TUPLE ? (fields.get(4) ?? []).map(shape) : [];
  const own = (elementBytes[type] ?? 0) * elementCount(dimensions);
  return { type, dimensions, parts, bytes: parts.reduce((sum, part) => sum + part.bytes, own) };
}

function instruction(bytes) {
  const fields = message(bytes);
  return {
    id: Number(fields.get(35)?.[0] ?? 0n),
    name: text(fields, 1),
    opcode: text(fields, 2),
    shape: shape(fields.get(3)[0]),
    number: Number(fields.get(9)?.[0] ?? 0n),
    operands: integers(fields, 36),
    calls: integers(fields, 38),
    target: text(fields, 28),
    config: text(fields, 43),
    dot: fields.get(30)?.[0],
    source: text(message(fields.get(7)?.[0] ?? new Uint8Array()), 2),
  };
}

/** The computations of a program by id, and the entry's id. */
export function parseProgram(bytes) {
  const module = message(message(bytes).get(1)[0]);
  const computations = new Map(
    module.get(3).map((encoded) => {
      const fields = message(encoded);
      const list = fields.get(2).map(instruction);
      const values = new Map(list.map((item) => [item.id, item]));
      return [Number(fields.get(5)[0]), { name: text(fields, 1), list, values }];
    }),
  );
  return { computations, entry: Number(module.get(6)[0]) };
}

/** Instructions that name memory and run nothing. */
const silent = new Set([
  ...['parameter', 'constant', 'get-tuple-element', 'tuple', 'bitcast', 'after-all', 'partition-id'],
  ...['copy-start', 'async-done', 'all-reduce-done', 'opt-barrier', 'replica-id'],
]);

/**
 * Every kernel that a run of the program starts: its bytes (each operand read and each result written once) and the
 * floating point operations of the matrix products in it.
 */
export function kernels({ computations, entry }) {
  const found = [];
  const visit = (id) => {
    const { list, values } = computations.get(id);
    for (const item of list) {
      if (silent.has(item.opcode)) continue;
      if (['call', 'while', 'conditional', 'async-start'].includes(item.opcode)) {
        for (const callee of item.calls) visit(callee);
        continue;
      }
      const operands = item.operands.map((operand) => values.get(operand));
      const inner = item.opcode === 'fusion' ? computations.get(item.calls[0]).list : [];
      const read = operands.reduce((sum, operand, i) => sum + bytesRead(operand, i, inner), 0);
      found.push({
        name: item.name,
        kind: item.target || item.opcode,
        bytes: read + item.shape.bytes,
        flops: productFlops(item, operands) + innerFlops(item, computations),
        source: item.source,
        shape: item.shape,
      });
    }
  };
  visit(entry);
  return found;
}

/** Bytes that a kernel reads of an operand: all, or where a fusion only slices or gathers it, what it takes. */
function bytesRead({ shape }, index, inner) {
  const parameter = inner.find(({ opcode, number }) => opcode === 'parameter' && number === index);
  return shape.bytes * (parameter ? shareRead(parameter, inner) : 1);
}

/** The share of a value that a fusion computes with. */
function shareRead(value, inner) {
  const readers = inner.filter(({ operands }) => operands.includes(value.id));
  if (readers.length === 0) return 1;
  const shares = readers.map((reader) => {
    const takes = taking.has(reader.opcode) && reader.operands[0] === value.id;
    if (takes) return (reader.shape.bytes / value.shape.bytes) * shareRead(reader, inner);
    return passing.has(reader.opcode) ? shareRead(reader, inner) : 1;
  });
  return Math.min(
    1,
    shares.reduce((sum, share) => sum + share, 0),
  );
}

/** Instructions that read a part of their first operand. */
const taking = new Set(['slice', 'dynamic-slice', 'gather']);

/** Instructions of which a part is computed from that part of their operands. */
const passing = new Set([
  ...['bitcast', 'broadcast', 'convert', 'reshape', 'compare', 'and', 'or'],
  ...['shift-right-logical', 'shift-left', 'add', 'subtract', 'multiply'],
]);

/** 2 · rows · columns · depth of a product, whether an instruction or a call of cuBLAS. */
function productFlops(item, operands) {
  const matrix = item.opcode === 'dot' || /gemm|matmul/.test(item.target);
  if (!matrix) return 0;
  const depths = item.dot
    ? integers(message(item.dot), 1)
    : (/"lhs_contracting_dimensions":\[([^\]]*)\]/.exec(item.config)?.[1] ?? '').match(/\d+/g)?.map(Number);
  const [left] = operands;
  const depth = elementCount((depths ?? []).map((axis) => left.shape.dimensions[axis]));
  return 2 * depth * elements(item.shape);
}

/** Elements of a result; of a tuple, of its first part (the others are workspace). */
const elements = ({ dimensions, parts, type }) =>
  type === TUPLE ? elements(parts[0]) : elementCount(dimensions);

function innerFlops(item, computations) {
  if (item.opcode !== 'fusion') return 0;
  return item.calls.reduce((sum, id) => {
    const { list, values } = computations.get(id);
    return (
      sum +
      list.reduce(
        (inner, one) =>
          inner +
          productFlops(
            one,
            one.operands.map((o) => values.get(o)),
          ),
        0,
      )
    );
  }, 0);
}
