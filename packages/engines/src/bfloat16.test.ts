import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasBfloat16 } from './bfloat16.js';

test.each([
  ['flags\t\t: fpu avx2 avx512f avx512_bf16\n', true],
  ['processor\t: 0\nflags\t\t: fpu avx2 amx_bf16 amx_tile\nvmx flags\t: vnmi\n', true],
  ['flags\t\t: fpu avx2 avx512f\n', false],
  ['Features\t: fp asimd bf16\n', true],
  ['something else', undefined],
])('%j', (text, has) => {
  const file = join(mkdtempSync(join(tmpdir(), 'mlm-cpu-')), 'cpuinfo');
  writeFileSync(file, text);
  expect(hasBfloat16(file)).toBe(has);
});

test('a system that does not tell', () => {
  expect(hasBfloat16('/nonexistent')).toBeUndefined();
});
