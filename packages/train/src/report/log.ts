import { join } from 'node:path';
import { writeWhole } from '@mlm/base';
import { reportPage } from '@mlm/pages';
import type { Recipe } from '../checkpoint/state.js';
import type { EvaluationEvent, StepMetrics } from '../loop/events.js';
import { MetricsFile } from './metrics.js';
import { describeRun, type RunDescription } from './run.js';
import { EventFile } from './tensorboard.js';

/** While a run goes on, its report is at most so many seconds old, … */
const reportSeconds = 10;
/** … unless writing it would take more than this share of the run's time. */
const reportShare = 0.01;

/** The records of a run: metrics.jsonl, TensorBoard's events, and report.html. */
export class RunLog {
  readonly #metrics: MetricsFile;
  readonly #events: EventFile;
  /** When the next report of a run in progress is due, by `performance.now()`. */
  #reportDue = 0;
  #reported: RunDescription | undefined;

  private constructor(private readonly folder: string) {
    this.#metrics = new MetricsFile(folder);
    this.#events = new EventFile(folder);
  }

  /**
   * @param recipe the settings that TensorBoard lists
   * @param after of a run that goes on: the step it goes on after, −1 without any; what was written beyond it is
   *   dropped
   */
  static async open(folder: string, recipe: Recipe, after?: number): Promise<RunLog> {
    const log = new RunLog(folder);
    await log.#metrics.truncate(after ?? -1);
    if (after !== undefined) await log.#events.restart(after + 1);
    await log.#events.hyperparameters(recipe);
    return log;
  }

  async step(line: StepMetrics): Promise<void> {
    await this.#metrics.append(line);
    const { loss, gradient_norm = 0, learning_rate, epoch = 0, tokens_per_second } = line;
    const values = { loss, gradient_norm, learning_rate, epoch, tokens_per_second };
    await this.#events.scalars(line.step, prefixed('train', values));
  }

  /** @param epoch as in {@link StepMetrics} */
  async evaluation({ step, loss, perplexity, accuracy }: EvaluationEvent, epoch: number): Promise<void> {
    await this.#metrics.append({
      step,
      eval_loss: loss,
      eval_perplexity: perplexity,
      eval_accuracy: accuracy,
      epoch,
      wall_time: Date.now() / 1000,
    });
    await this.#events.scalars(step, prefixed('eval', { loss, perplexity, accuracy }));
  }

  /**
   * What was logged is on disk when this returns. A checkpoint is written after that: a run that goes on from it finds
   * the lines of all steps before it, also after a power loss.
   */
  async sync(): Promise<void> {
    await this.#metrics.sync();
    await this.#events.sync();
  }

  /**
   * Writes report.html: at once for the first time and for the last, at most every 10 seconds while the run goes on.
   */
  async report(description: RunDescription): Promise<void> {
    this.#reported = description;
    const started = performance.now();
    if (description.status === 'running' && started < this.#reportDue) return;
    const page = reportPage(describeRun(description, await this.#metrics.read()));
    await writeWhole(join(this.folder, 'report.html'), page);
    const ended = performance.now();
    this.#reportDue = ended + Math.max(1000 * reportSeconds, (ended - started) / reportShare);
  }

  /** Says in report.html why the run failed; the error is the caller's to throw, whether this can be written or not. */
  async failed(error: unknown): Promise<void> {
    if (!this.#reported) return;
    const failure = error instanceof Error ? error.message : String(error);
    await this.report({ ...this.#reported, status: 'failed', failure }).catch(() => undefined);
  }
}

function prefixed(prefix: string, values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}/${name}`, value]));
}
