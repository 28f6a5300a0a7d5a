import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { commandPages } from '../src/index.js';

test.each(commandPages())(
  'docs/commands/$name.md shows the current help (else run: pnpm run docs)',
  ({ name, help }) => {
    const page = new URL(`../../../docs/commands/${name}.md`, import.meta.url);
    expect(existsSync(page)).toBe(true);
    expect(readFileSync(page, 'utf8')).toContain(help);
  },
);
