import { type AddressOf, slots } from './struct.js';

const utf8 = new TextEncoder();

/**
 * Encodes a PJRT_Program of StableHLO.
 *
 * @param program MLIR text or bytecode
 * @returns the struct, and the arrays that it points to, which must live as long
 */
export function encodeProgram(
  program: string | Uint8Array,
  addressOf: AddressOf,
): { struct: BigUint64Array; alive: object } {
  const code = typeof program === 'string' ? utf8.encode(program) : program;
  const format = utf8.encode('mlir');
  return { struct: slots([code, code.length, format, format.length], addressOf), alive: [code, format] };
}
