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

  /**
   * The seconds and the losses of the next steps, and the processor time of all of them, in seconds, of all threads.
   * @param {number} count
   */
  async function timed(count) {
    const before = process.cpuUsage();
    const seconds = [];
    const losses = [];
    for (let left = count; left > 0; left--) {
      const started = performance.now();
      losses.push(await step());
      seconds.push((performance.now() - started) / 1000);
    }
    const { user, system } = process.cpuUsage(before);
    return { seconds, losses, processor: (user + system) / 1e6 };
  }

  return { step, timed };
}
