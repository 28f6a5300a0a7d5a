import { fromFloat16, toFloat16 } from '@mlm/base/float16';
import type { Value } from '../../graph/graph.js';
import type { ModelBuilder } from './emit/builder.js';
import { DATA_TYPE } from './protobuf.js';

/**
 * How a variable's values are stored in an .onnx file. The model converts them to float32 when it runs:
 *
 * - `float16`: rounded to nearest.
 * - `int8`: each row (of the first axis) has a scale, its largest magnitude / 127.
 * - `int4`: each block of 32 values along the last axis has a scale, its largest magnitude / 7.
 */
export type Storage = 'float32' | 'float16' | 'int8' | 'int4';

const block = 32;

/**
 * The storage that a shape allows: `int8` needs a matrix; `int4` needs rows of whole blocks as well, else it becomes
 * `int8`.
 */
export function possibleStorage(shape: readonly number[], wanted: Storage): Storage {
  if (wanted === 'float16' || wanted === 'float32') return wanted;
  if (shape.length !== 2) return 'float32';
  return wanted === 'int4' && shape[1]! % block !== 0 ? 'int8' : wanted;
}

/**
 * The float32 values that a model computes with when a variable is stored this way.
 *
 * @example
 * ```ts
 * import { restoredValues } from '@mlm/compile';
 *
 * const rounded = restoredValues(Float32Array.of(0.1, 0.2), [2], 'float16');
 * ```
 */
export function restoredValues(
  values: Float32Array,
  shape: readonly number[],
  storage: Storage,
): Float32Array {
  const form = possibleStorage(shape, storage);
  if (form === 'float32') return values;
  if (form === 'float16') return Float32Array.from(toFloat16(values), fromFloat16);
  const { levels, scales, group } = quantized(values, shape, form);
  return Float32Array.from(levels, (level, i) => level * scales[Math.floor(i / group)]!);
}

/** Stores a variable's values in a model and returns the name of the float32 tensor. */
export function store(
  builder: ModelBuilder,
  { name, shape }: Value,
  values: Float32Array,
  storage: Storage,
): string {
  const dims = shape as number[];
  const form = possibleStorage(dims, storage);
  const initializer = (
    suffix: string,
    type: 'float32' | 'float16' | 'int8' | 'int4',
    size: readonly number[],
    data: Uint8Array,
  ) => {
    builder.initializers.push({ name: `${name}${suffix}`, type, dims: size, data });
    return `${name}${suffix}`;
  };
  if (form === 'float32') return initializer('', 'float32', dims, bytesOf(values));
  if (form === 'float16') {
    const stored = initializer('/float16', 'float16', dims, bytesOf(toFloat16(values)));
    return builder.op('Cast', [stored], { to: DATA_TYPE.float32 });
  }
  const { levels, scales, group } = quantized(values, dims, form);
  const packed = form === 'int8' ? bytesOf(levels) : packedNibbles(levels);
  const stored = initializer(`/${form}`, form, dims, packed);
  const scaleDims = form === 'int8' ? [dims[0]!] : [dims[0]!, dims[1]! / group];
  const scale = initializer('/scale', 'float32', scaleDims, bytesOf(scales));
  const attributes = form === 'int8' ? { axis: 0 } : { axis: 1, block_size: group };
  return builder.op('DequantizeLinear', [stored, scale], attributes);
}

/** Symmetric quantization: the levels of a matrix, and the scale of each group of adjacent values. */
function quantized(values: Float32Array, [, width]: readonly number[], form: 'int8' | 'int4') {
  const [group, most] = form === 'int8' ? [width!, 127] : [block, 7];
  const levels = new Int8Array(values.length);
  const scales = new Float32Array(values.length / group);
  for (let g = 0; g < scales.length; g++) {
    const part = values.subarray(g * group, (g + 1) * group);
    let largest = 0;
    for (const value of part) largest = Math.max(largest, Math.abs(value));
    scales[g] = largest / most;
    const scale = scales[g]!;
    if (scale === 0) continue;
    for (let i = 0; i < group; i++) levels[g * group + i] = clamp(Math.round(part[i]! / scale), most);
  }
  return { levels, scales, group };
}

function clamp(level: number, most: number): number {
  return Math.max(-most, Math.min(most, level));
}

/** Two levels per byte, the first in the lower half. */
function packedNibbles(levels: Int8Array): Uint8Array {
  return Uint8Array.from(
    { length: levels.length / 2 },
    (_, i) => (levels[2 * i]! & 15) | ((levels[2 * i + 1]! & 15) << 4),
  );
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int8Array | Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
