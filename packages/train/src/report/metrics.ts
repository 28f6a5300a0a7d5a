import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readError, syncFile, writeWhole } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import type { StepMetrics } from '../loop/events.js';

/** A validation result as a line of metrics.jsonl. */
export interface EvaluationMetrics {
  step: number;
  eval_loss: number;
  eval_perplexity: number;
  eval_accuracy: number;
}

export type MetricsLine = StepMetrics | EvaluationMetrics;

/** `metrics.jsonl`: one object per step and one per validation. */
export class MetricsFile {
  readonly #path: string;

  constructor(folder: string) {
    this.#path = join(folder, 'metrics.jsonl');
  }

  /** Keeps only what happened up to a step, so that a resumed run goes on where its checkpoint was written. */
  async truncate(step: number): Promise<void> {
    const kept = (await this.read()).filter((line) => line.step <= step);
    await writeWhole(this.#path, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  /** @throws InputError when the file is there and cannot be read, or a line of it is damaged */
  async read(): Promise<MetricsLine[]> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw readError(error, this.#path);
    });
    return text.split('\n').flatMap((line, i) => {
      // A killed process may leave a partial last line.
      if (!line.endsWith('}')) return [];
      const metrics = parsed(line);
      if (metrics) return [metrics];
      throw new InputError(`${this.#path}:${i + 1}: not the metrics of a step; remove the line`);
    });
  }

  async append(line: MetricsLine): Promise<void> {
    await appendFile(this.#path, `${JSON.stringify(line)}\n`);
  }

  /** Flushes all lines to disk. */
  sync(): Promise<void> {
    return syncFile(this.#path);
  }
}

function parsed(line: string): MetricsLine | undefined {
  try {
    const metrics = JSON.parse(line) as MetricsLine;
    return Number.isInteger(metrics.step) ? metrics : undefined;
  } catch {
    return undefined;
  }
}
