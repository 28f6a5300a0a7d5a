import { escapeHtml } from './html.js';
import type { MaskedPlace, PredictedRow } from './run.js';

/** Rows with the model's answers filled in; below each row, its best guesses and the original words. */
export function predictedRows(rows: PredictedRow[]): string {
  return rows
    .map(({ parts }) => {
      const places: MaskedPlace[] = [];
      const text = parts.map((part) =>
        typeof part === 'string' ? escapeHtml(part) : answer(part, places.push(part)),
      );
      return `<div class="row"><p dir="auto">${text.join('')}</p>
<details><summary>The three best guesses for each place</summary><div class="wide"><table>
<thead><tr><th scope="col" class="number">place</th><th scope="col">original</th><th scope="col">guesses</th></tr></thead>
<tbody>${places.map(guesses).join('')}</tbody></table></div></details></div>`;
    })
    .join('\n');
}

function answer({ expected, candidates }: MaskedPlace, number: number): string {
  const best = candidates[0];
  const right = best?.isRight === true;
  const verdict = right ? 'right' : `wrong: the original is “${expected}”`;
  return `<mark dir="auto" class="${right ? 'right' : 'wrong'}" title="${escapeHtml(verdict)}">${escapeHtml(best?.word ?? '')}<span class="hidden"> (${escapeHtml(verdict)})</span><sup>${number}</sup></mark>`;
}

function guesses({ expected, candidates }: MaskedPlace, index: number): string {
  const list = candidates.map(({ word, probability, isRight }) => {
    const text = `<bdi>${escapeHtml(word)}</bdi> ${(100 * probability).toFixed(1)}\u00a0%`;
    return isRight ? `<mark class="right">${text} <span aria-hidden="true">✓</span></mark>` : text;
  });
  return `<tr><td class="number">${index + 1}</td><th scope="row"><bdi>${escapeHtml(expected)}</bdi></th><td>${list.join(', ')}</td></tr>`;
}
