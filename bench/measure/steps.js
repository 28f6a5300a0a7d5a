import { train } from '@mlm/train';

/**
 * A training run that goes on a step at a time, at a constant learning rate and without an end.
 * @param {import('@mlm/train').TrainOptions} options
 */
export function startTraining(options) {
  const events = train({ schedule: 'constant', warmup: 0, maxSteps: 1_000_000, overwrite: true, ...options });

  /** Goes on to the end of the next step. @returns {Promise<number>} its loss */
  async function step() {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error('the run ended');
      if (value.type === 'step') return value.loss;
    }
  }

  /** The seconds and the losses of the next steps. @param {number} count */
  async function timed(count) {
    const seconds = [];
    const losses = [];
    for (let left = count; left > 0; left--) {
      const started = performance.now();
      losses.push(await step());
      seconds.push((performance.now() - started) / 1000);
    }
    return { seconds, losses };
  }

  return { step, timed };
}
