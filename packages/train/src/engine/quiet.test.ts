import { expect, it, vi } from 'vitest';
import { initializeWeights } from '../models/initialize.js';
import { tinyModel } from '../testing/model.fixture.js';
import { Evaluator } from './evaluator.js';

it('the eager engine does not advertise another backend', async () => {
  const said = ['warn', 'error', 'log'] as const;
  const spies = said.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
  const evaluator = await Evaluator.create(tinyModel(), initializeWeights(tinyModel(), 1), {
    engine: 'eager',
    device: 'cpu',
    threads: 0,
    precision: 'fp32',
    batchSize: 1,
    lengths: [4],
  });
  await evaluator.dispose();
  for (const spy of spies) expect(spy).not.toHaveBeenCalled();
});
