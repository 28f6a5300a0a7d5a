import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { learnLine } from './compile.js';

test('the compiled step learns, and the ONNX file is written', async () => {
  const file = join(await mkdtemp(join(tmpdir(), 'mlm-example-')), 'step.onnx');
  const lines: string[] = [];
  const losses = await learnLine(file, (line) => lines.push(line));
  expect(losses[0]).toBeCloseTo(Math.LN2, 6);
  expect(losses.at(-1)).toBeLessThan(0.25);
  expect(lines[0]).toContain('update weight = ');
  expect((await readFile(file)).includes('learning_rate')).toBe(true);
});
