import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byteSize, decimal, integer, integerOrAuto } from './parse.js';

test('whole numbers and decimals come back as they were written, within their range', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => integer(0)(String(value)) === value));
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: 0, max: 1 }), (value) =>
      Object.is(decimal(0, 1)(String(value)), value),
    ),
  );
});

test.each(['', ' ', '1.5', '1e3', '0x10', 'ten', '-1', '5000', '99999999999999999999'])(
  'integer refuses %j',
  (text) => {
    expect(() => integer(0, 4999)(text)).toThrow('Expected a whole number between 0 and 4999.');
  },
);

test('a number may be left to auto, but to no other word', () => {
  expect(integerOrAuto(1)('auto')).toBe('auto');
  expect(integerOrAuto(1)('8')).toBe(8);
  for (const text of ['0', 'Auto', 'many', ''])
    expect(() => integerOrAuto(1)(text)).toThrow('Expected auto or a whole number of at least 1.');
});

test.each(['', ' ', 'NaN', 'Infinity', '1.01', '-0.1', '15%'])('decimal refuses %j', (text) => {
  expect(() => decimal(0, 1)(text)).toThrow('Expected a number between 0 and 1.');
});

test.each([
  ['1000000', 1e6],
  ['500MB', 5e8],
  ['1.5g', 1.5e9],
  ['20 kB', 20_000],
])('%s is a size', (text, bytes) => {
  expect(byteSize(text)).toBe(bytes);
});

test.each(['', '0', 'MB', '-5MB', '5 XB', '0.1'])('%j is no size', (text) => {
  expect(() => byteSize(text)).toThrow('Expected a size in bytes');
});
