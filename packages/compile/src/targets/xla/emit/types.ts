import type { Node } from '../../../graph/graph.js';

/** The element types of our programs: the graph's, and others that emitters use. */
export type HloType = keyof typeof elementTypes;

const elementTypes = {
  float32: 'f32',
  bfloat16: 'bf16',
  int32: 'i32',
  bool: 'i1',
  uint8: 'ui8',
  uint16: 'ui16',
  uint32: 'ui32',
  uint64: 'ui64',
} as const;

/** A value of the program: its name in the text, and its type. */
export interface HloValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: HloType;
}

/** `tensor<2x3xf32>` */
export const typeText = ({ shape, dtype }: Pick<HloValue, 'shape' | 'dtype'>): string =>
  `tensor<${[...shape, elementTypes[dtype]].join('x')}>`;

/** `[0, 1]` */
export const list = (numbers: readonly (number | string)[]): string => `[${numbers.join(', ')}]`;

/** An i64 array attribute of an operation in generic form. */
export const array = (numbers: readonly number[]): string =>
  numbers.length === 0 ? 'array<i64>' : `array<i64: ${numbers.join(', ')}>`;

/** A float32 as MLIR reads it exactly: by its bits. */
export const floatText = (value: number): string => `0x${bitsOf(value)}`;

/** The bits of a float32, as eight hexadecimal digits. */
const bitsOf = (value: number): string =>
  Array.from(new Uint32Array(Float32Array.of(value).buffer), (bits) =>
    bits.toString(16).toUpperCase().padStart(8, '0'),
  ).join('');

/** An element of a constant, as text. */
export function elementText(value: number, dtype: HloType): string {
  if (dtype === 'bool') return value ? 'true' : 'false';
  if (dtype === 'float32') return floatText(value);
  // A bfloat16 is the upper half of a float32.
  return dtype === 'bfloat16' ? `0x${bitsOf(value).slice(0, 4)}` : String(value);
}

/** The shape of a node's output. */
export const shapeOf = (node: Node, output = 0): number[] => node.outputs[output]!.shape as number[];
