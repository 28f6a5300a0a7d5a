import { expect, test } from 'vitest';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatFlopRate,
  formatNoun,
  formatShare,
  formatShortCount,
} from './numbers.js';

test('numbers read as people write them', () => {
  expect(formatCount(12345678)).toBe('12,345,678');
  expect(formatNoun(1, 'row')).toBe('1 row');
  expect(formatNoun(2000, 'batch', 'batches')).toBe('2,000 batches');
  expect(formatShare(0.14983)).toBe('14.98 %');
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [999.6, '1.00 kB'],
  [1234, '1.23 kB'],
  [99_960, '100 kB'],
  [999_499, '999 kB'],
  [999_500, '1.00 MB'],
  [12_345_678, '12.3 MB'],
  [4.2e21, '4200000 PB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('a short count keeps three digits', () => {
  expect(formatShortCount(512)).toBe('512');
  expect(formatShortCount(1_234_567)).toBe('1.23 M');
});

test.each([
  [4.21, '4.2 s'],
  [9.97, '10 s'],
  [59.6, '1 min 00 s'],
  [205, '3 min 25 s'],
  [3725, '1 h 02 min'],
  [7199, '2 h 00 min'],
  [200_000, '2 days'],
  [Number.POSITIVE_INFINITY, 'unknown time'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test('rates keep their figures however small', () => {
  expect([1234, 105.3, 1.25, 0.25, 0.0004].map(formatFlopRate)).toEqual([
    '1.23 TFLOP/s',
    '105 GFLOP/s',
    '1.25 GFLOP/s',
    '250 MFLOP/s',
    '400 kFLOP/s',
  ]);
});
