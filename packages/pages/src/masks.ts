import { escapeHtml, factTable, page } from './html.js';

/** What replaced a masked token: [MASK], another token, or the token itself. */
export type MaskKind = 'mask' | 'random' | 'kept';

/** A part of a row as it reads: a masked token, a special token, or any number of others. */
export interface ShownToken {
  /** The text before masking. */
  text: string;
  /** Whether it follows the text before it without a space. */
  joins: boolean;
  /** Whether it is a special token. */
  isSpecial?: boolean;
  /** If it is masked: how, and what the model sees. */
  masked?: { kind: MaskKind; shown: string } | undefined;
}

/** The contents of a page about a dataset's masks. */
export interface MasksPage {
  /** The dataset's name. */
  name: string;
  /** How it was made, with its counts and shares. */
  facts: Record<string, string>;
  rows: ShownToken[][];
  /** The dataset's total number of rows. */
  rowCount: number;
}

const KINDS: Record<MaskKind, { label: string; mark: string }> = {
  mask: { label: 'replaced by [MASK]', mark: 'M' },
  random: { label: 'replaced by a random token', mark: 'R' },
  kept: { label: 'left as it is', mark: 'K' },
};

/**
 * A page of rows with their masks in colour, to be filtered by words and by kinds of masks.
 *
 * @example
 * ```ts
 * import { maskedRowsPage } from '@mlm/pages';
 *
 * const row = [
 *   { text: 'the', joins: false },
 *   { text: 'fox', joins: false, masked: { kind: 'mask', shown: '[MASK]' } as const },
 * ];
 * const html = maskedRowsPage({ name: 'out.arrow', facts: {}, rows: [row], rowCount: 1 });
 * ```
 */
export function maskedRowsPage({ name, facts, rows, rowCount }: MasksPage): string {
  const boxes = Object.entries(KINDS).map(
    ([kind, { label, mark }]) =>
      `<label><input type="checkbox" value="${kind}" checked> <mark class="${kind}">${mark}</mark> ${label}</label>`,
  );
  const body = `<main>
<h1>Masked rows of ${escapeHtml(name)}</h1>
${factTable(facts)}
<h2>Rows</h2>
<form class="filter" autocomplete="off" data-filter>
<label class="search">Find rows with <input type="search" name="words"></label>
<fieldset><legend>Masked tokens</legend>${boxes.join('')}</fieldset>
<label><input type="checkbox" name="shown"> Show what the model sees</label>
</form>
<p class="muted" role="status" data-count>${rows.length} of ${rowCount} rows</p>
<ol class="rows" start="0">
${rows.map(rowItem).join('\n')}
</ol>
</main>`;
  return page({ title: `Masked rows of ${name}`, body, styles: ['masks.css'], scripts: ['masks.js'] });
}

function rowItem(tokens: ShownToken[], row: number): string {
  const kinds = [...new Set(tokens.flatMap(({ masked }) => (masked ? [masked.kind] : [])))];
  const text = tokens
    .map((token, i) => (i === 0 || (token.joins && !tokens[i - 1]!.isSpecial) ? '' : ' ') + tokenHtml(token))
    .join('');
  return `<li dir="auto" value="${row}" data-kinds="${kinds.join(' ')}">${text}</li>`;
}

function tokenHtml({ text, isSpecial, masked }: ShownToken): string {
  if (!masked) return isSpecial ? `<bdi class="special">${escapeHtml(text)}</bdi>` : escapeHtml(text);
  const { label, mark } = KINDS[masked.kind];
  const title = `${text}: ${label}${masked.kind === 'random' ? `, ${masked.shown}` : ''}`;
  return (
    `<mark dir="auto" class="${masked.kind}" title="${escapeHtml(title)}" data-note="${label}" data-shown="${escapeHtml(masked.shown)}" data-text="${escapeHtml(text)}">` +
    `<span>${escapeHtml(text)}</span><sup aria-hidden="true">${mark}</sup><span class="hidden"> (${label})</span></mark>`
  );
}
