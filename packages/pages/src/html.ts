import { readFileSync } from 'node:fs';

/** Escapes text for HTML, in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** The parts of a page. */
export interface Page {
  title: string;
  /** HTML of the body. */
  body: string;
  /** Style sheets and scripts of `assets/` to inline. */
  styles?: string[];
  scripts?: string[];
}

/**
 * A complete page that needs no network: its styles and scripts are inline.
 *
 * @example
 * ```ts
 * import { page } from '@mlm/pages';
 *
 * const html = page({ title: 'Runs', body: '<main><h1>Runs</h1></main>' });
 * ```
 */
export function page({ title, body, styles = [], scripts = [] }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="${icon}">
${['page.css', ...styles].map((name) => `<style>${asset(name)}</style>`).join('\n')}
</head>
<body>
${body}
${scripts.map((name) => `<script>${asset(name).replaceAll('</script', '<\\/script')}</script>`).join('\n')}
</body>
</html>
`;
}

/** A curve that falls, on the pages' blue. */
const icon =
  "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 32 32'><rect width='32' height='32' rx='7' fill='%230a5bbd'/><path d='M6 7c4 13 9 15 20 17' fill='none' stroke='white' stroke-width='3.5' stroke-linecap='round'/></svg>";

/** A table of labels and values. */
export function factTable(facts: Record<string, string>): string {
  const rows = Object.entries(facts).map(
    ([label, value]) =>
      `<tr><th scope="row" class="name">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return `<div class="wide"><table><tbody>${rows.join('')}</tbody></table></div>`;
}

/** A table that scrolls sideways if it does not fit, and that the keyboard can reach and scroll. */
export function scrollingTable(label: string, content: string, kind = ''): string {
  return `<div class="wide ${kind}" tabindex="0" role="region" aria-label="${escapeHtml(label)}"><table>${content}</table></div>`;
}

function asset(name: string): string {
  return readFileSync(new URL(`../assets/${name}`, import.meta.url), 'utf8');
}
