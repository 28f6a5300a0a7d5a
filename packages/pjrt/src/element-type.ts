/** The element type of a buffer. */
export type ElementType = keyof typeof elementTypes;

/**
 * Element types, with their numbers in PJRT_Buffer_Type and their arrays on the host. bfloat16 and float16 are
 * represented by their bits.
 */
export const elementTypes = {
  bool: { code: 1, array: Uint8Array },
  int8: { code: 2, array: Int8Array },
  int16: { code: 3, array: Int16Array },
  int32: { code: 4, array: Int32Array },
  int64: { code: 5, array: BigInt64Array },
  uint8: { code: 6, array: Uint8Array },
  uint16: { code: 7, array: Uint16Array },
  uint32: { code: 8, array: Uint32Array },
  uint64: { code: 9, array: BigUint64Array },
  float16: { code: 10, array: Uint16Array },
  float32: { code: 11, array: Float32Array },
  float64: { code: 12, array: Float64Array },
  bfloat16: { code: 13, array: Uint16Array },
} as const;

/** The array that holds such elements on the host. */
export type HostArray<T extends ElementType = ElementType> = InstanceType<(typeof elementTypes)[T]['array']>;

/** The element type of a number in PJRT_Buffer_Type. @throws TypeError if the host has no arrays of such elements */
export function elementType(code: number): ElementType {
  const found = Object.entries(elementTypes).find(([, type]) => type.code === code);
  if (!found) throw new TypeError(`the host has no arrays of PJRT's element type ${code}`);
  return found[0] as ElementType;
}
