import { InputError } from '@mlm/base/errors';
import { ngram } from './ngram.js';
import type { Selection } from './selection.js';
import { span } from './span.js';
import { token } from './token.js';
import { wholeWord } from './whole-word.js';

export type { Selection };

/** The ways to select tokens, by their names in settings and options: the only list of them. */
export const selections: Readonly<Record<string, Selection>> = {
  token,
  'whole-word': wholeWord,
  ngram,
  span,
};

/** @throws InputError if there is no selection of that name */
export function selectionOf(select = 'token'): Selection {
  const selection = Object.hasOwn(selections, select) ? selections[select] : undefined;
  if (selection) return selection;
  throw new InputError(`select "${select}": expected ${Object.keys(selections).join(', ')}`);
}
