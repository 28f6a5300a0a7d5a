import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learningRateAt, type Schedule, scheduleNames, warmupSteps } from './schedule.js';

const schedule = (name: Schedule['name']): Schedule => ({
  name,
  learningRate: 1,
  warmupSteps: 2,
  totalSteps: 10,
  decaySteps: 4,
});
const rates = (name: Schedule['name']) =>
  Array.from({ length: 10 }, (_, step) => Number(learningRateAt(schedule(name), step).toFixed(4)));

describe('learning rates', () => {
  // transformers.get_scheduler(name, AdamW(lr=1), num_warmup_steps=2, num_training_steps=10).get_last_lr()
  it('equal those of transformers', () => {
    expect(rates('linear')).toEqual([0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
    expect(rates('cosine')).toEqual([0, 0.5, 1, 0.9619, 0.8536, 0.6913, 0.5, 0.3087, 0.1464, 0.0381]);
    expect(rates('constant')).toEqual([0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(rates('warmup-stable-decay')).toEqual([0, 0.5, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25]);
  });

  it('stay between 0 and the highest, for any lengths', () => {
    const any = fc.record({
      name: fc.constantFrom(...scheduleNames),
      learningRate: fc.double({ min: 1e-6, max: 1, noNaN: true }),
      warmupSteps: fc.nat(50),
      totalSteps: fc.integer({ min: 1, max: 100 }),
      decaySteps: fc.nat(50),
    });
    fc.assert(
      fc.property(any, fc.nat(120), (schedule, step) => {
        const rate = learningRateAt(schedule, step);
        expect(rate).toBeGreaterThanOrEqual(0);
        expect(rate).toBeLessThanOrEqual(schedule.learningRate * (1 + 1e-12));
      }),
    );
  });

  it('take a warm-up as a share or as steps', () => {
    expect(warmupSteps(0.06, 1001)).toBe(61);
    expect(warmupSteps(0, 1000)).toBe(0);
    expect(warmupSteps(500, 1000)).toBe(500);
  });
});
