import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { learnAndAsk } from './library.js';

const genesis = fileURLToPath(new URL('../packages/cli/demo/corpus/01-genesis.txt', import.meta.url));

test('text becomes a trained model that answers', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlm-example-'));
  const { losses, answers } = await learnAndAsk(
    genesis,
    folder,
    30,
    'In the beginning [MASK] created the heaven.',
  );
  expect(losses).toHaveLength(30);
  expect(losses[0]).toBeCloseTo(Math.log(30522), 0);
  expect(losses.at(-1)).toBeLessThan(losses[0] - 0.5);
  expect(answers).toHaveLength(3);
});
