import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { learnLine } from './compile.js';

test('the compiled step learns, and stands in an ONNX file and a SavedModel, there with what it learned', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-example-'));
  const lines: string[] = [];
  const losses = await learnLine(folder, (line) => lines.push(line));
  expect(losses[0]).toBeCloseTo(Math.LN2, 6);
  expect(losses.at(-1)).toBeLessThan(0.25);
  expect(lines[0]).toContain('update weight = ');
  expect((await readFile(join(folder, 'step.onnx'))).includes('learning_rate')).toBe(true);
  const savedModel = await readFile(join(folder, 'saved_model', 'saved_model.pb'));
  expect(savedModel.includes('serving_default')).toBe(true);
  const weight = /weight ([^;]+);/.exec(lines.at(-1)!)![1].split(',').map(Number);
  expect(savedModel.includes(Buffer.from(Float32Array.from(weight).buffer))).toBe(true);
});
