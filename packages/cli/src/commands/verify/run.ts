import { checkShards, type Dataset, openDataset } from '@mlm/arrow';
import { InputError } from '@mlm/base/errors';
import {
  type MaskingReport,
  type MaskingRule,
  maskingDefaults,
  maskingRule,
  verifyMasking,
} from '@mlm/masking';
import { loadTokenizer } from '@mlm/tokenize';
import type { Context } from '../../context.js';
import { formatCount, formatNoun, formatShare } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { printResult } from '../../output/report.js';
import type { VerifySettings } from './command.js';

export async function runVerify(context: Context, options: VerifySettings): Promise<void> {
  const dataset = await openDataset(options.dataset);
  try {
    const splits: Record<string, MaskingReport> = {};
    for (const split of [dataset, dataset.validation]) {
      if (split === undefined) continue;
      splits[split.metadata?.split ?? 'train'] = await verifySplit(context, split, options);
    }
    const faults = Object.entries(splits).flatMap(([name, { violation }]) =>
      violation === undefined
        ? []
        : [`${name} row ${violation.row}, position ${violation.position}: ${violation.message}`],
    );
    printResult(context, options, { path: dataset.path, sound: faults.length === 0, splits }, (style) =>
      faults.length > 0
        ? []
        : Object.entries(splits).map(
            ([name, report]) => `${style('green', 'sound')}  ${describe(name, report)}`,
          ),
    );
    if (faults[0] !== undefined)
      throw new InputError(`${dataset.path}: ${faults[0]}; make the dataset again`);
  } finally {
    await dataset.close();
  }
}

function describe(name: string, { rows, tokens, labelled, checked }: MaskingReport): string {
  const share = formatShare(labelled / Math.max(1, tokens));
  const how =
    checked === 'rule' ? 'every row equals the rule’s own result' : 'every row obeys the laws of the rule';
  return `${name}: ${formatNoun(rows, 'row')}, ${formatNoun(tokens, 'token')}, ${share} labelled; ${how}`;
}

async function verifySplit(
  context: Context,
  split: Dataset,
  options: VerifySettings,
): Promise<MaskingReport> {
  await checkShards(split.path, context.signal);
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'verify', ...options });
  let done = 0;
  async function* watched() {
    for await (const batch of split) {
      context.signal.throwIfAborted();
      done += batch.numRows;
      progress.update({ done, total: split.rows, details: () => [`${formatCount(done)} rows`] });
      yield batch;
    }
  }
  const dataset = { metadata: split.metadata, [Symbol.asyncIterator]: watched };
  const report = await verifyMasking(dataset, await lawsOf(options.tokenizer));
  progress.finish();
  return report;
}

/** The laws that rows of a dataset from elsewhere must obey, by its tokenizer: any seed, any of the replacements. */
async function lawsOf(tokenizer: string | undefined): Promise<MaskingRule | undefined> {
  if (tokenizer === undefined) return undefined;
  return maskingRule(await loadTokenizer(tokenizer), { ...maskingDefaults, replace: 'bert' });
}
