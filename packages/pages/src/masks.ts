import { escapeHtml, factTable, page } from './html.js';

/** What stands in a masked token's place: [MASK], another token, or the token itself. */
export type MaskKind = 'mask' | 'random' | 'kept';

/** A token of a row, in the words of its vocabulary without the marks that join pieces. */
export interface ShownToken {
  /** The token as it was before masking. */
  text: string;
  /** Whether it goes on the word before it. */
  joins: boolean;
  /** Whether it is a special token. */
  isSpecial?: boolean;
  /** Where it is masked: how, and what the model sees. */
  masked?: { kind: MaskKind; shown: string } | undefined;
}

/** What a page about a dataset's masks shows. */
export interface MasksPage {
  /** The dataset's name. */
  name: string;
  /** How it was made, and its counts and shares. */
  facts: Record<string, string>;
  rows: ShownToken[][];
  /** How many rows the dataset has in all. */
  rowCount: number;
}

const KINDS: Record<MaskKind, { label: string; mark: string }> = {
  mask: { label: '[MASK] in its place', mark: 'M' },
  random: { label: 'another token in its place', mark: 'R' },
  kept: { label: 'kept, and to be predicted', mark: 'K' },
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
<h1>Masks of ${escapeHtml(name)}</h1>
${factTable(facts)}
<h2>Rows</h2>
<form class="filter" autocomplete="off" data-filter>
<label class="search">Rows with the words <input type="search" name="words"></label>
<fieldset><legend>Colour, and rows that have one</legend>${boxes.join('')}</fieldset>
<label><input type="checkbox" name="shown"> as the model sees them</label>
</form>
<p class="muted" role="status" data-count>${rows.length} of ${rowCount} rows</p>
<ol class="rows" start="0">
${rows.map(rowItem).join('\n')}
</ol>
</main>`;
  return page({ title: `Masks of ${name}`, body, styles: ['masks.css'], scripts: ['masks.js'] });
}

function rowItem(tokens: ShownToken[], row: number): string {
  const kinds = [...new Set(tokens.flatMap(({ masked }) => (masked ? [masked.kind] : [])))];
  const text = tokens.map((token, i) => (token.joins || i === 0 ? '' : ' ') + tokenHtml(token)).join('');
  return `<li value="${row}" data-kinds="${kinds.join(' ')}">${text}</li>`;
}

function tokenHtml({ text, isSpecial, masked }: ShownToken): string {
  if (!masked) return isSpecial ? `<span class="special">${escapeHtml(text)}</span>` : escapeHtml(text);
  const { label, mark } = KINDS[masked.kind];
  const title = `${text}: ${label}${masked.kind === 'random' ? `, ${masked.shown}` : ''}`;
  return (
    `<mark class="${masked.kind}" title="${escapeHtml(title)}" data-note="${label}" data-shown="${escapeHtml(masked.shown)}" data-text="${escapeHtml(text)}">` +
    `<span>${escapeHtml(text)}</span><sup aria-hidden="true">${mark}</sup><span class="hidden"> (${label})</span></mark>`
  );
}
