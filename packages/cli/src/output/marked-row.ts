import { IGNORED_LABEL } from '@mlm/masking';
import type { ShownToken } from '@mlm/pages';
import type { Tokenizer } from '@mlm/tokenize';
import type { Style } from './style.js';

/** One row of a dataset, as numbers. */
export interface DatasetRow {
  input_ids: ArrayLike<number>;
  labels: ArrayLike<number>;
}

/**
 * A row as text that a person can read. A masked token stands as `[MASK:original]` where [MASK] took its place, as
 * `[shown→original]` where another token stands in its place, and as `[original]` where it was kept. With labels at all
 * tokens only replaced ones can be told from the rest.
 */
export function markedRow(row: DatasetRow, idToToken: (id: number) => string, style: Style): string {
  const labelsAtAll = hasLabelAtFirst(row);
  let text = '';
  for (let i = 0; i < row.input_ids.length; i++) {
    const shown = idToToken(row.input_ids[i]!);
    const label = row.labels[i] ?? IGNORED_LABEL;
    const isMasked = label !== IGNORED_LABEL && !(labelsAtAll && label === row.input_ids[i]);
    const original = isMasked ? idToToken(label) : shown;
    const continues = original.startsWith('##');
    const part = isMasked ? style('yellow', mark(shown, original)) : continues ? original.slice(2) : original;
    text += i === 0 || continues ? part : ` ${part}`;
  }
  return text;
}

/** [CLS] is never masked: a label there means that all tokens have theirs. */
function hasLabelAtFirst({ labels }: DatasetRow): boolean {
  return (labels[0] ?? IGNORED_LABEL) !== IGNORED_LABEL;
}

function mark(shown: string, original: string): string {
  if (shown === original) return `[${original}]`;
  return shown === '[MASK]' || shown === '<mask>' ? `[MASK:${original}]` : `[${shown}→${original}]`;
}

/** A row's tokens for a page, without the padding at its end. */
export function shownTokens(
  row: DatasetRow,
  idToToken: (id: number) => string,
  tokenizer: Tokenizer | undefined,
): ShownToken[] {
  const labelsAtAll = hasLabelAtFirst(row);
  const isSpecial = new Set(tokenizer?.protectedIds ?? []);
  const padId = tokenizer?.specialIds.pad;
  const tokens: ShownToken[] = [];
  for (let i = 0; i < row.input_ids.length; i++) {
    const id = row.input_ids[i]!;
    const label = row.labels[i] ?? IGNORED_LABEL;
    const isMasked = label !== IGNORED_LABEL && !(labelsAtAll && label === id);
    const original = isMasked ? label : id;
    const joins = tokenizer !== undefined && !isSpecial.has(original) && tokenizer.wordStarts[original] === 0;
    const kind = id === label ? 'kept' : id === tokenizer?.specialIds.mask ? 'mask' : 'random';
    tokens.push({
      text: withoutMarks(idToToken(original)),
      joins,
      isSpecial: isSpecial.has(original),
      masked: isMasked ? { kind, shown: withoutMarks(idToToken(id)) } : undefined,
    });
  }
  let end = tokens.length;
  while (end > 0 && row.input_ids[end - 1] === padId) end--;
  return tokens.slice(0, end);
}

/** A token's text without what joins it to the tokens before it. */
function withoutMarks(token: string): string {
  return token.length > 2 && token.startsWith('##') ? token.slice(2) : token.replace(/^[Ġ▁]/u, '');
}
