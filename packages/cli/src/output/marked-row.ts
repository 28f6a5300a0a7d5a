import { IGNORED_LABEL } from '@mlm/masking';
import type { ShownToken } from '@mlm/pages';
import { readTokens, type Tokenizer } from '@mlm/tokenize';
import type { Style } from './style.js';

/** A row of a dataset, as numbers. */
export interface DatasetRow {
  input_ids: ArrayLike<number>;
  labels: ArrayLike<number>;
}

/**
 * A row as readable text. A masked token is shown as `[MASK:original]` if it became [MASK], as `[shown→original]` if it
 * became another token, and as `[original]` if it was kept. With labels at all tokens, kept ones cannot be told from
 * unmasked ones.
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

/** [CLS] is never masked, so a label there means that all tokens have labels. */
function hasLabelAtFirst({ labels }: DatasetRow): boolean {
  return (labels[0] ?? IGNORED_LABEL) !== IGNORED_LABEL;
}

function mark(shown: string, original: string): string {
  if (shown === original) return `[${original}]`;
  return shown === '[MASK]' || shown === '<mask>' ? `[MASK:${original}]` : `[${shown}→${original}]`;
}

/** A row for a page, without padding: its masked and special tokens, and the text between them. */
export function shownTokens(
  row: DatasetRow,
  idToToken: (id: number) => string,
  tokenizer: Tokenizer | undefined,
): ShownToken[] {
  const labelsAtAll = hasLabelAtFirst(row);
  const special = new Set(tokenizer?.protectedIds ?? []);
  const read = (ids: readonly number[]) =>
    tokenizer ? readTokens(tokenizer, ids) : { text: ids.map(idToToken).join(' '), joins: false };
  const tokens: ShownToken[] = [];
  let run: number[] = [];
  const endRun = () => {
    if (run.length > 0) tokens.push(read(run));
    run = [];
  };
  for (let i = 0; i < lengthOf(row, tokenizer); i++) {
    const id = row.input_ids[i]!;
    const label = row.labels[i] ?? IGNORED_LABEL;
    const isMasked = label !== IGNORED_LABEL && !(labelsAtAll && label === id);
    if (isMasked) {
      endRun();
      const kind = id === label ? 'kept' : id === tokenizer?.specialIds.mask ? 'mask' : 'random';
      const shown = kind === 'mask' ? idToToken(id) : read([id]).text;
      tokens.push({ ...read([label]), isSpecial: special.has(label), masked: { kind, shown } });
    } else if (special.has(id)) {
      endRun();
      tokens.push({ text: idToToken(id), joins: false, isSpecial: true });
    } else run.push(id);
  }
  endRun();
  return tokens;
}

/** Without the padding at the end. */
function lengthOf({ input_ids }: DatasetRow, tokenizer: Tokenizer | undefined): number {
  let length = input_ids.length;
  while (length > 0 && input_ids[length - 1] === tokenizer?.specialIds.pad) length--;
  return length;
}
