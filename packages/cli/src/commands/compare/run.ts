import { checkTarget, writeWhole } from '@mlm/base';
import { comparisonPage, type Run } from '@mlm/pages';
import { readRun } from '@mlm/train';
import type { Context } from '../../context.js';
import { formatCount, formatShare } from '../../output/numbers.js';
import { checkPage } from '../../output/page.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { CompareSettings } from './command.js';

export async function runCompare(context: Context, options: CompareSettings): Promise<void> {
  const { output, overwrite } = options;
  checkTarget(output, { kind: 'file' }, { overwrite });
  checkPage(output);
  const runs = await Promise.all(options.runs.map(readRun));
  await writeWhole(output, comparisonPage(runs));
  printResult(context, options, { output, runs: runs.map(lastResults) }, () => [
    ...alignColumns(
      [['run', 'status', 'steps', 'loss', 'validation', 'accuracy'], ...runs.map(tableRow)],
      [2, 3, 4, 5],
    ),
    '',
    `curves and settings in ${output}`,
  ]);
}

/** The last results of a run, under the names of metrics.jsonl. */
function lastResults({ name, status, steps, evaluations }: Run) {
  const [step, evaluation] = [steps.at(-1), evaluations.at(-1)];
  return {
    name,
    status,
    step: step?.step ?? 0,
    loss: step?.loss ?? null,
    eval_loss: evaluation?.loss ?? null,
    eval_accuracy: evaluation?.accuracy ?? null,
  };
}

function tableRow(run: Run): string[] {
  const { name, status, step, loss, eval_loss, eval_accuracy } = lastResults(run);
  const number = (value: number | null) => value?.toFixed(4) ?? '–';
  return [
    name,
    status,
    formatCount(step),
    number(loss),
    number(eval_loss),
    eval_accuracy === null ? '–' : formatShare(eval_accuracy),
  ];
}
