import { join } from 'node:path';
import { checkShards, type Dataset, openDataset, splitNames } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import {
  type MaskingReport,
  type MaskingRule,
  type MaskingViolation,
  maskingDefaults,
  maskingRule,
  verifyDataset,
} from '@mlm/masking';
import { loadTokenizer, type Tokenizer } from '@mlm/tokenize';
import type { Context } from '../../context.js';
import { markedRow } from '../../output/marked-row.js';
import { formatCount, formatNoun, formatShare } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { Style } from '../../output/style.js';
import { tokenizerOfDataset } from '../../tokenizer.js';
import type { VerifySettings } from './command.js';

export async function runVerify(context: Context, options: VerifySettings): Promise<void> {
  const dataset = await openDataset(options.dataset);
  try {
    const laws = await lawsOf(options.tokenizer);
    const tokenizer = await tokenizerOfDataset(dataset, options.tokenizer);
    const nameOf = tokenNames(tokenizer);
    const splits: Record<string, MaskingReport> = {};
    for (const split of ['main', 'validation'] as const) {
      const part = split === 'main' ? dataset : dataset.validation;
      if (part === undefined) continue;
      const report = await verifySplit(context, dataset, part, split, laws, tokenizer, options);
      splits[part.metadata?.split ?? (split === 'main' ? 'train' : 'validation')] = report;
    }
    const isSound = Object.values(splits).every((report) => report.isSound);
    const unchecked = await otherSplits(options.dataset, dataset);
    const result = { path: dataset.path, sound: isSound, splits, ...(unchecked.length > 0 && { unchecked }) };
    printResult(context, options, result, (style) => [
      ...Object.entries(splits).flatMap(([name, report]) => describe(name, report, nameOf, style)),
      ...unchecked.map((path) => `not checked: ${path}; verify it by its own path`),
    ]);
    for (const [name, report] of Object.entries(splits)) refuseUnsound(dataset.path, name, report);
  } finally {
    await dataset.close();
  }
}

/** Folders of a dataset's other splits, which are not checked. */
async function otherSplits(path: string, { path: main, validation }: Dataset): Promise<string[]> {
  const folders = (await splitNames(path)).map((name) => join(path, name));
  return folders.filter((folder) => folder !== main && folder !== validation?.path);
}

/** @throws InputError for the first wrong row, or the worst failed test */
function refuseUnsound(path: string, name: string, { violation, isSound, tests }: MaskingReport): void {
  if (violation) {
    const { row, position, message } = violation;
    throw new InputError(
      `${path}: ${name} row ${row}, position ${position}: ${message}; make the dataset again`,
    );
  }
  if (isSound) return;
  const worst = tests.reduce((a, b) => (b.p < a.p ? b : a));
  throw new InputError(
    `${path}: ${name}: ${worst.name}: ${worst.finding}, which chance alone gives with p = ${formatP(worst.p)}; its masks were not drawn by the rule`,
  );
}

function describe(
  name: string,
  report: MaskingReport,
  nameOf: (id: number) => string,
  style: Style,
): string[] {
  const { rows, tokens, labelled, checked, maskable, violations, tests, notes, isSound } = report;
  const how =
    checked === 'rule' ? 'every row equals the rule’s own result' : 'every row obeys the laws of the rule';
  const share = `${formatShare(labelled / Math.max(1, maskable))} of the tokens that can be masked have a label`;
  const verdict = isSound ? style('green', 'sound') : style('red', 'wrong');
  return [
    `${verdict}  ${name}: ${formatNoun(rows, 'row')}, ${formatNoun(tokens, 'token')}, ${share}${violations.length === 0 ? `; ${how}` : ''}`,
    ...violations.flatMap((violation) => describeViolation(violation, nameOf, style)),
    ...alignColumns(
      tests.map(({ name: question, p, finding }) => [`       ${question}`, `p = ${formatP(p)}`, finding]),
    ),
    ...notes.map((note) => `       ${note}`),
  ];
}

function describeViolation(
  { row, position, message, found }: MaskingViolation,
  nameOf: (id: number) => string,
  style: Style,
): string[] {
  const where = `       row ${row}, position ${position}: ${message}`;
  return found ? [where, `         ${markedRow(found, nameOf, style)}`] : [where];
}

function formatP(p: number): string {
  return p >= 0.001 ? p.toFixed(3) : p.toExponential(1);
}

async function verifySplit(
  context: Context,
  dataset: Dataset,
  part: Dataset,
  split: 'main' | 'validation',
  laws: MaskingRule | undefined,
  tokenizer: Tokenizer | undefined,
  options: VerifySettings,
): Promise<MaskingReport> {
  await checkShards(part.path, context.signal);
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'verify', ...options });
  let done = 0;
  try {
    return await verifyDataset(dataset, split, laws, {
      nameOf: tokenNames(tokenizer),
      // transformers' collators mask it like any other token.
      mayMask: tokenizer && [tokenizer.specialIds.unk],
      signal: context.signal,
      onRows(rows) {
        done += rows;
        progress.update({ done, total: part.rows, details: () => [`${formatCount(done)} rows`] });
      },
    });
  } finally {
    progress.finish();
  }
}

/** Returns the token of an id, or the id itself if the tokenizer does not have it. */
function tokenNames(tokenizer: Tokenizer | undefined): (id: number) => string {
  return (id) => (tokenizer?.hasToken(id) ? tokenizer.idToToken(id) : String(id));
}

/** The laws for a dataset made elsewhere, by its tokenizer: any seed, any replacement. */
async function lawsOf(tokenizer: string | undefined): Promise<MaskingRule | undefined> {
  if (tokenizer === undefined) return undefined;
  const loaded = await loadTokenizer(tokenizer);
  // Whether words are masked as a whole can be told where it is known which tokens begin one.
  const select = loaded.wordStarts ? 'whole-word' : 'token';
  return maskingRule(loaded, { ...maskingDefaults, replace: 'bert', select });
}
