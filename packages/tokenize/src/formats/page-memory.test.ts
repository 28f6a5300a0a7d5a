import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet/src/snappy.js';
import { expect, test } from 'vitest';
import { PageMemory } from './page-memory.js';

const lengths = fc.oneof(
  fc.integer({ min: 1, max: 70 }),
  fc.integer({ min: 250, max: 260 }),
  fc.constantFrom(65_536, 65_537, 70_000),
);
/** An element of Snappy's format: bytes as they are, or bytes that occurred `offset` before. */
const element = fc.oneof(
  { weight: 1, arbitrary: fc.record({ literal: fc.tuple(lengths, fc.nat(255)) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      offset: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000 })),
      length: fc.integer({ min: 1, max: 64 }),
      kind: fc.constantFrom(1, 2, 3),
    }),
  },
);

/** The elements that are possible, one after the other, and the text that they make. */
function encoded(given: (typeof element extends fc.Arbitrary<infer E> ? E : never)[]): {
  data: Uint8Array;
  text: Uint8Array;
} {
  const text: number[] = [];
  const data: number[] = [];
  for (const one of given) {
    if ('literal' in one) {
      const [length, seed] = one.literal;
      const count = length - 1;
      if (count < 60) data.push(count << 2);
      else if (count < 256) data.push(60 << 2, count);
      else if (count < 65_536) data.push(61 << 2, count & 255, count >> 8);
      else data.push(62 << 2, count & 255, (count >> 8) & 255, count >> 16);
      for (let i = 0; i < length; i++) {
        const byte = (seed + i * i) & 255;
        data.push(byte);
        text.push(byte);
      }
      continue;
    }
    const isNear = one.kind === 1;
    const most = Math.min(text.length, isNear ? 2047 : one.kind === 2 ? 65_535 : text.length);
    if (most === 0) continue;
    const offset = Math.min(one.offset, most);
    const length = isNear ? 4 + (one.length & 7) : one.length;
    const bytes = [offset & 255, (offset >> 8) & 255, (offset >> 16) & 255, 0];
    if (isNear) data.push(((offset >> 8) << 5) | ((length - 4) << 2) | 1, bytes[0]!);
    else data.push(((length - 1) << 2) | one.kind, ...bytes.slice(0, one.kind === 2 ? 2 : 4));
    for (let i = 0; i < length; i++) text.push(text[text.length - offset]!);
  }
  const size: number[] = [];
  for (let left = text.length; ; left >>= 7) {
    size.push(left < 128 ? left : (left & 127) | 128);
    if (left < 128) break;
  }
  return { data: Uint8Array.from([...size, ...data]), text: Uint8Array.from(text) };
}

const streams = fc.array(element, { minLength: 1, maxLength: 60 }).map(encoded);

/** The data in the memory, as if read from a file, with other bytes behind it. */
function held(memory: PageMemory, data: Uint8Array): Uint8Array {
  memory.moveToStart(0, 0, data.length + 3).set(data);
  return memory.bytes.subarray(0, data.length);
}

test('Snappy: what any elements make, where it was read or from elsewhere, page after page', () => {
  const memory = PageMemory.borrow();
  fc.assert(
    fc.property(streams, fc.boolean(), ({ data, text }, isHere) => {
      const page = memory.decompress(isHere ? held(memory, data) : data, text.length);
      expect(Buffer.compare(page, text)).toBe(0);
      if (isHere) expect(Buffer.compare(memory.bytes.subarray(0, data.length), data)).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test('Snappy: damaged data is refused, or gives what the reference makes of it, and touches nothing else', () => {
  const memory = PageMemory.borrow();
  fc.assert(
    fc.property(
      streams,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      fc.nat(20),
      ({ data, text }, changes, cut) => {
        const broken = data.slice(0, Math.max(1, data.length - cut));
        for (const [at, byte] of changes) broken[at % broken.length] = byte;
        const expected = new Uint8Array(text.length);
        const isRefused = throws(() => snappyUncompress(broken, expected));
        const input = held(memory, broken);
        const before = input.slice();
        let page: Uint8Array | undefined;
        if (!throws(() => (page = memory.decompress(input, text.length)))) {
          expect(isRefused).toBe(false);
          expect(Buffer.compare(page!, expected)).toBe(0);
        }
        expect(Buffer.compare(memory.bytes.subarray(0, before.length), before)).toBe(0);
      },
    ),
    { numRuns: 250 },
  );
});

function throws(action: () => void): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

test('memory that is given back is used again, and a copy outlives it', () => {
  const memory = PageMemory.borrow();
  const { data, text } = encoded([{ literal: [70_000, 1] }]);
  const dictionary = memory.hold(memory.decompress(data, text.length), true, true);
  memory.decompress(encoded([{ literal: [70_000, 2] }]).data, text.length);
  expect(Buffer.compare(dictionary, text)).toBe(0);
  memory.giveBack();
  expect(PageMemory.borrow()).toBe(memory);
});
