import { expect, test } from 'vitest';
import { HostMemory } from './memory.js';

test('more than WebAssembly addresses is refused in words', () => {
  expect(() => new HostMemory(HostMemory.LIMIT + 1)).toThrow(
    'a micro-batch needs 4.0 GiB for its dropout masks, more than the 4 GiB that WebAssembly addresses; use a smaller microBatchSize',
  );
});
