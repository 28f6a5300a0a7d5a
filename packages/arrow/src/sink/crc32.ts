/** CRC-32's polynomial, with its bits reversed. */
const POLYNOMIAL = 0xedb88320;

/**
 * The CRC-32 of two concatenated byte sequences, from the CRC-32 of each and the second one's length: multiplies the
 * first by x^(8 · length) modulo the polynomial, like zlib's `crc32_combine`.
 */
export function combineCrc32(first: number, second: number, secondLength: number): number {
  let product = first;
  // x^8, x^16, x^32 …: the factor of each bit of the length.
  let power = 0x00800000;
  for (let length = secondLength; length > 0; length = Math.floor(length / 2)) {
    if (length % 2 === 1) product = multiply(product, power);
    power = multiply(power, power);
  }
  return (product ^ second) >>> 0;
}

/** The product of two polynomials modulo CRC-32's; the lowest bit is the highest power. */
function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return product;
}
