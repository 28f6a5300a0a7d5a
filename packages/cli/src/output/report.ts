import type { Context } from '../context.js';
import { type Style, styleFor } from './style.js';

/** The options that every command's output listens to. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  progress?: 'auto' | 'json';
}

/** A command's result: one JSON object on standard output with --json, lines for people otherwise. */
export function printResult(
  context: Context,
  options: OutputOptions,
  result: object,
  describe: (style: Style) => string[],
): void {
  if (options.json === true) {
    context.stdout.write(`${JSON.stringify(result)}\n`);
  } else if (options.quiet !== true) {
    for (const line of describe(styleFor(context.stdout, context.env))) context.stdout.write(`${line}\n`);
  }
}

/** Rows of cells as aligned columns, two spaces apart; columns named in `right` are aligned to the right. */
export function alignColumns(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    });
  }
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.includes(column) ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

/** Says why a loss is 0 where no token has a label. */
export function noLabels(rows: string): string {
  return `${rows}: no token is masked, so a loss of 0 says nothing; preprocess with a --mask-probability above 0`;
}
