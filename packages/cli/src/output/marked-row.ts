import type { Style } from './style.js';

/** One row of a dataset, as numbers. */
export interface DatasetRow {
  input_ids: ArrayLike<number>;
  labels: ArrayLike<number>;
}

/**
 * A row as text that a person can read. A selected token stands as `[MASK:original]` where it is masked, as
 * `[shown→original]` where another token stands in its place, and as `[original]` where it was kept. With labels at all
 * tokens only replaced ones can be told from the rest.
 */
export function markedRow(row: DatasetRow, idToToken: (id: number) => string, style: Style): string {
  const labelsAtAll = hasLabelAtFirst(row);
  let text = '';
  for (let i = 0; i < row.input_ids.length; i++) {
    const shown = idToToken(row.input_ids[i]!);
    const label = row.labels[i] ?? -100;
    const selected = label !== -100 && !(labelsAtAll && label === row.input_ids[i]);
    const original = selected ? idToToken(label) : shown;
    const continues = original.startsWith('##');
    const part = selected ? style('yellow', mark(shown, original)) : continues ? original.slice(2) : original;
    text += i === 0 || continues ? part : ` ${part}`;
  }
  return text;
}

/** [CLS] is never selected: a label there means that all tokens have theirs. */
function hasLabelAtFirst({ labels }: DatasetRow): boolean {
  return (labels[0] ?? -100) !== -100;
}

function mark(shown: string, original: string): string {
  if (shown === original) return `[${original}]`;
  return shown === '[MASK]' || shown === '<mask>' ? `[MASK:${original}]` : `[${shown}→${original}]`;
}
