import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { foreignOptions } from '../../../scripts/foreign-options.js';
import { commandPages } from '../src/index.js';
import { hintFor } from '../src/options/foreign.js';

test.each(commandPages())(
  'docs/commands/$name.md shows the current help (else run: pnpm run docs)',
  ({ name, help }) => {
    const page = new URL(`../../../docs/commands/${name}.md`, import.meta.url);
    expect(existsSync(page)).toBe(true);
    expect(readFileSync(page, 'utf8')).toContain(help);
  },
);

test('the hints for options of run_mlm.py are those of its page (else run: pnpm run docs)', () => {
  const page = readFileSync(new URL('../../../docs/coming-from-run-mlm.md', import.meta.url), 'utf8');
  const made = new URL('../src/options/foreign.generated.ts', import.meta.url);
  expect(readFileSync(made, 'utf8')).toBe(foreignOptions(page));
});

test.each([
  ['lr', /^in mlm --learning-rate/],
  ['max-seq-length', /^in mlm --sequence-length/],
  ['per_device_train_batch_size', /^in mlm --batch-size/],
  ['trust-remote-code', /^not in mlm \(/],
  ['whole-word-mask', /; what a word is differs: masking\.md$/],
  ['fp16', /; fp16 is not in mlm$/],
])('--%s is answered by what stands for it here', (name, hint) => {
  expect(hintFor(name)).toMatch(hint);
});
