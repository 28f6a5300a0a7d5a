import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { combineCrc32 } from './crc32.js';

test('the CRC-32s of two parts combine to that of the whole', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (first, second) => {
      const whole = crc32(Buffer.concat([first, second]));
      expect(combineCrc32(crc32(first), crc32(second), second.length)).toBe(whole);
    }),
    { numRuns: 300 },
  );
});

test('three parts of any length combine to the same from either end', () => {
  const sum = fc.nat(0xffff_ffff);
  const length = fc.nat(2 ** 42);
  fc.assert(
    fc.property(sum, sum, sum, length, length, (a, b, c, ofB, ofC) => {
      const fromLeft = combineCrc32(combineCrc32(a, b, ofB), c, ofC);
      expect(combineCrc32(a, combineCrc32(b, c, ofC), ofB + ofC)).toBe(fromLeft);
    }),
  );
});
