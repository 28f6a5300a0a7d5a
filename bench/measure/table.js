/**
 * A table for the terminal and for Markdown alike: the first column to the left, figures to the right.
 * @param {readonly string[]} header
 * @param {readonly (readonly string[])[]} rows
 */
export function table(header, rows) {
  const widths = header.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  /** @param {readonly string[]} row */
  const line = (row) =>
    `| ${widths.map((width, i) => (i ? (row[i] ?? '').padStart(width) : (row[i] ?? '').padEnd(width))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width))).join(' | ')} |`;
  return [line(header), rule, ...rows.map(line)].join('\n');
}

/** Three significant digits, thousands separated. @param {number} value */
export function figure(value) {
  if (!Number.isFinite(value)) return '';
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return value.toLocaleString('en-US', { maximumSignificantDigits: 3 });
}

/** @param {number} ratio */
export const times = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : '');
