import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeCompileOptions, encodeNamedValues } from './options.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('encodeCompileOptions', () => {
  // By protobuf's encoding of CompileOptionsProto (xla/pjrt/proto/compile_options.proto).
  it('writes the fields that XLA reads', () => {
    expect(hex(encodeCompileOptions())).toBe('1a0420012801');
    expect(hex(encodeCompileOptions({ replicas: 300 }))).toBe('1a0520ac022801');
    expect(hex(encodeCompileOptions({ flags: { a: true, b: 'c', d: 7, e: -1, f: 0.5 } }))).toBe(
      '1a0420012801' +
        '3a070a016112021001' + // a: bool
        '3a080a016212030a0163' + // b: string
        '3a070a016412021807' + // d: int64
        '3a100a0165120b18ffffffffffffffffff01' + // e: int64, ten bytes of a negative one
        '3a0e0a0166120921000000000000e03f', // f: double
    );
  });
});

describe('encodeNamedValues', () => {
  it('writes a 56-byte struct for each option, whatever the texts', () => {
    const values = fc.dictionary(
      fc.string({ minLength: 1 }),
      fc.oneof(fc.string(), fc.boolean(), fc.integer()),
    );
    fc.assert(
      fc.property(values, (options) => {
        const arrays: NodeJS.TypedArray[] = [];
        const encoded = encodeNamedValues(options, (array) => BigInt(arrays.push(array) - 1));
        const text = (at: bigint, size: bigint) =>
          Buffer.from(arrays[Number(at)] as Uint8Array)
            .subarray(0, Number(size))
            .toString();
        const read = Array.from({ length: encoded.count }, (_, i) => {
          const [bytes, , name, nameSize, type, value, size] = encoded.values.subarray(i * 7, i * 7 + 7);
          expect(bytes).toBe(56n);
          const plain = [() => text(value!, size!), () => Number(BigInt.asIntN(64, value!))];
          const decoded = type === 4n ? value === 1n : plain[Number(type)]!();
          return [text(name!, nameSize!), decoded];
        });
        expect(Object.fromEntries(read)).toEqual({ ...options });
      }),
    );
  });
});
