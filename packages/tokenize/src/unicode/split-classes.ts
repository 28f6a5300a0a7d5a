import { unpackRanges } from './properties.js';
import { letter, number } from './tables.generated.js';

const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;
const NEWLINE = 4;

let classes: Uint8Array | undefined;

/** The class of each code point, as numbered in assembly/bpe/split.ts. */
export function splitClasses(): Uint8Array {
  if (classes !== undefined) return classes;
  classes = new Uint8Array(0x110000);
  for (const [first, end] of unpackRanges(letter)) classes.fill(LETTER, first, end);
  for (const [first, end] of unpackRanges(number)) classes.fill(NUMBER, first, end);
  for (let c = 0; c <= 0x3000; c++) if (/\p{White_Space}/u.test(String.fromCharCode(c))) classes[c] = SPACE;
  classes[0x0a] = classes[0x0d] = NEWLINE;
  return classes;
}
