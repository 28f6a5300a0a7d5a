import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationEvent, StepMetrics } from './events.js';

/** A held-out result as a line of metrics.jsonl. */
export interface EvaluationMetrics {
  step: number;
  eval_loss: number;
  eval_perplexity: number;
  eval_accuracy: number;
}

export type MetricsLine = StepMetrics | EvaluationMetrics;

/** Appends to `metrics.jsonl`: an object a step, and held-out results as objects of their own. */
export class MetricsFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'metrics.jsonl');
  }

  /** Keeps only what happened up to a step, so that a resumed run goes on where its checkpoint was written. */
  async truncate(step: number): Promise<void> {
    const kept = (await this.read()).filter((line) => line.step <= step);
    await writeFile(this.#path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  async read(): Promise<MetricsLine[]> {
    const text = await readFile(this.#path, 'utf8').catch(() => '');
    const lines: MetricsLine[] = [];
    for (const line of text.split('\n')) {
      // A killed process may leave half a line at the end.
      if (line.endsWith('}')) lines.push(JSON.parse(line) as MetricsLine);
    }
    return lines;
  }

  async step({
    step,
    loss,
    learning_rate,
    tokens,
    tokens_per_second,
    elapsed_seconds,
  }: StepMetrics): Promise<void> {
    await this.#append({ step, loss, learning_rate, tokens, tokens_per_second, elapsed_seconds });
  }

  async evaluation({ step, loss, perplexity, accuracy }: EvaluationEvent): Promise<void> {
    await this.#append({ step, eval_loss: loss, eval_perplexity: perplexity, eval_accuracy: accuracy });
  }

  async #append(line: MetricsLine): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify(line)}\n`);
  }
}
