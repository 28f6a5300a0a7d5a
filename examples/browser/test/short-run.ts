// The `mlm` calls that the lanes share: one book in short rows, and a model that some steps train on it.
import { fileURLToPath } from 'node:url';

export const corpus = fileURLToPath(
  new URL('../../../packages/cli/demo/corpus/08-ruth.txt', import.meta.url),
);

/** Arguments that make the dataset `ruth`, with validation rows. */
export function preprocessRuth(...options: string[]): string[] {
  const split = ['--eval-fraction', '0.1', '--eval-by', 'row'];
  return ['preprocess', corpus, 'ruth', '--sequence-length', '32', ...split, ...options];
}

/** Arguments that train a tiny model on a dataset. */
export function trainTiny(
  model: 'bert-tiny' | 'roberta-tiny',
  dataset: string,
  output: string,
  steps: number,
  ...options: string[]
): string[] {
  const size = ['--batch-size', '8', '--max-steps', String(steps)];
  return ['train', dataset, '--output', output, '--model', model, ...size, ...options];
}
