import type { Context } from '../context.js';
import { type Style, styleFor } from './style.js';

/** The options that affect every command's output. */
export interface OutputOptions {
  json?: boolean;
  quiet?: boolean;
  progress?: 'auto' | 'json';
}

/** Prints a command's result: with --json, one JSON object on standard output, otherwise lines for people. */
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

/** Aligns rows of cells as columns, two spaces apart; those in `right` are right-aligned. */
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

/** A message that explains a loss of 0: no token has a label. */
export function noLabels(rows: string): string {
  return `${rows}: no token is masked, so a loss of 0 means nothing; preprocess with a --mask-probability above 0`;
}
