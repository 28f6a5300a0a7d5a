import { chartFigure } from './chart.js';
import type { Chart, Curve, Points } from './curve.js';
import { escapeHtml, factTable, page, scrollingTable } from './html.js';
import { predictedRows } from './predictions.js';
import type { Run } from './run.js';

/**
 * A page about a run: its figures, curves, answers on validation rows, and the command and settings that repeat it.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { reportPage } from '@mlm/pages';
 * import { readRun } from '@mlm/train';
 *
 * await writeFile('report.html', reportPage(await readRun('out-bert-tiny')));
 * ```
 */
export function reportPage(run: Run): string {
  const { name, status, failure, command, facts, predictions = [] } = run;
  const body = `<main>
<h1>${escapeHtml(name)}</h1>
${status === 'running' ? liveNote(run) : ''}
${failure === undefined ? '' : `<p class="failure">${escapeHtml(failure)}</p>`}
${figures(run)}
${charts([run])}
${predictions.length > 0 ? `<h2>Answers on validation rows</h2>\n<p class="muted">The model’s best guess stands in each masked place: green where it is right, red where it is wrong.</p>\n${predictedRows(predictions)}` : ''}
${command === undefined && Object.keys(facts).length === 0 ? '' : '<h2>The run</h2>'}
${command === undefined ? '' : `<pre>${commandHtml(command)}</pre>`}
${factTable(facts)}
</main>`;
  return page({ title: `${name}: training report`, body, styles: ['chart.css'], scripts: ['report.js'] });
}

/**
 * A page that puts runs side by side: their curves in the same charts, what differs in one table, what they share in another.
 *
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { comparisonPage } from '@mlm/pages';
 * import { readRun } from '@mlm/train';
 *
 * await writeFile('compare.html', comparisonPage(await Promise.all(['run-a', 'run-b'].map(readRun))));
 * ```
 */
export function comparisonPage(runs: Run[]): string {
  const { differing, shared } = comparedFacts(runs);
  const body = `<main>
<h1>${runs.length} runs compared</h1>
${charts(runs)}
<h2>Results, and settings that differ</h2>
${differingTable(runs, differing)}
${Object.keys(shared).length === 0 ? '' : `<h2>The same in all runs</h2>\n${factTable(shared)}`}
</main>`;
  return page({ title: `${runs.length} runs compared`, body, styles: ['chart.css'], scripts: ['report.js'] });
}

function liveNote({ steps, totalSteps }: Run): string {
  const done = steps.at(-1)?.step ?? 0;
  const progress =
    totalSteps === undefined
      ? ''
      : `<progress max="${totalSteps}" value="${done}" aria-label="Steps done"></progress>\n`;
  return `${progress}<p data-live="10"><span role="status">The run is in progress; this page follows it.</span>
<button type="button" aria-pressed="false">Pause</button></p>`;
}

/** The main figures of a run: its last results. */
function results({ steps, evaluations }: Run): Record<string, string> {
  const validation = evaluations.at(-1);
  const finite = evaluations.map(({ loss }) => loss).filter(Number.isFinite);
  const best = finite.reduce((least, loss) => Math.min(least, loss), Number.POSITIVE_INFINITY);
  const last = steps.slice(-20);
  return {
    ...(last.length > 0 && {
      'training loss': lossText(last.reduce((sum, { loss }) => sum + loss, 0) / last.length),
    }),
    ...(validation && {
      'validation loss': lossText(validation.loss),
      'best validation loss': lossText(best),
      perplexity: Math.exp(validation.loss).toLocaleString('en', { maximumFractionDigits: 2 }),
      accuracy: `${(100 * validation.accuracy).toFixed(2)} %`,
    }),
  };
}

/** In nats, as the axis of the chart says. */
function lossText(loss: number): string {
  return Number.isFinite(loss) ? loss.toFixed(4) : 'NaN';
}

function figures(run: Run): string {
  const { status, steps, totalSteps } = run;
  const done = steps.at(-1)?.step ?? 0;
  const items = Object.entries({
    status,
    ...(totalSteps !== undefined && {
      step: `${done.toLocaleString('en')} of ${totalSteps.toLocaleString('en')}`,
    }),
    ...results(run),
  });
  return `<dl class="figures">${items.map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;
}

function charts(runs: Run[]): string {
  if (runs.every(({ steps, evaluations }) => steps.length + evaluations.length === 0))
    return '<h2>Curves</h2>\n<p class="muted">No step is done yet.</p>';
  const several = runs.length > 1;
  const noisy = several ? 'smooth' : 'noisy';
  const perRun = (curve: (run: Run) => Omit<Curve, 'colour'>[], apart = false): Curve[] =>
    runs.flatMap((run, index) =>
      curve(run).map((entry, i) => ({
        ...entry,
        name: !several ? entry.name : apart ? `${entry.name}: ${run.name}` : run.name,
        colour: several ? index : apart ? i : 0,
      })),
    );
  const ofSteps = (
    name: string,
    value: (step: Run['steps'][number]) => number | undefined,
    style: Curve['style'],
  ) => perRun(({ steps }) => [{ name, style, points: known(steps.map((step) => [step.step, value(step)])) }]);
  const large: Chart = {
    title: 'Loss',
    unit: 'nats per masked token',
    height: 340,
    curves: perRun(
      (run) => [
        { name: 'training', style: noisy, points: run.steps.map(({ step, loss }) => [step, loss]) },
        {
          name: 'validation',
          style: 'marked',
          points: run.evaluations.map(({ step, loss }) => [step, loss]),
        },
        ...(run.unigramLoss === undefined || several ? [] : [unigram(run)]),
      ],
      true,
    ),
  };
  const small: Omit<Chart, 'height'>[] = [
    {
      title: 'Validation accuracy',
      unit: '% of masked tokens',
      curves: perRun(({ evaluations }) => [
        {
          name: 'accuracy',
          style: 'marked',
          points: evaluations.map(({ step, accuracy }) => [step, 100 * accuracy]),
        },
      ]),
    },
    {
      title: 'Gradient norm',
      unit: 'norm before clipping',
      curves: ofSteps('gradient norm', (step) => step.gradient_norm, noisy),
    },
    {
      title: 'Learning rate',
      unit: 'learning rate',
      curves: ofSteps('learning rate', (step) => step.learning_rate, 'plain'),
    },
    {
      title: 'Throughput',
      unit: 'tokens/s',
      curves: ofSteps('tokens/s', (step) => step.tokens_per_second, noisy),
    },
  ];
  return `<h2>Curves</h2>
${chartFigure(large, 'chart-loss')}
<div class="small">${small.map((chart, i) => chartFigure({ ...chart, height: 200 }, `chart-${i}`)).join('\n')}</div>`;
}

function unigram({ steps, unigramLoss }: Run): Omit<Curve, 'colour'> {
  const ends = [steps[0]?.step ?? 0, steps.at(-1)?.step ?? 1];
  return { name: 'word frequencies alone', style: 'level', points: ends.map((step) => [step, unigramLoss!]) };
}

function known(points: [number, number | undefined][]): Points {
  return points.filter((point): point is [number, number] => point[1] !== undefined);
}

/** What is known of the runs: the values of all for results and for settings that differ, one value for what they share. */
function comparedFacts(runs: Run[]) {
  const outcomes = runs.map(results);
  const columns = runs.map(
    (run, i): Record<string, string | undefined> => ({
      ...outcomes[i],
      status: run.status,
      ...run.facts,
      command: run.command,
    }),
  );
  const isResult = new Set(outcomes.flatMap((outcome) => Object.keys(outcome)));
  const differing: Record<string, string[]> = {};
  const shared: Record<string, string> = {};
  for (const label of new Set(columns.flatMap((column) => Object.keys(column)))) {
    const values = columns.map((column) => column[label]);
    const [first] = values;
    if (isResult.has(label) || values.some((value) => value !== first))
      differing[label] = values.map((value) => value ?? '–');
    else if (first !== undefined) shared[label] = first;
  }
  return { differing, shared };
}

function differingTable(runs: Run[], differing: Record<string, string[]>): string {
  const head = runs.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  const rows = Object.entries(differing).map(([label, values]) => {
    const differs = new Set(values).size > 1 ? ' class="differs"' : '';
    const cells = values.map((value) => `<td>${escapeHtml(value)}</td>`).join('');
    return `<tr${differs}><th scope="row" class="name">${escapeHtml(label)}</th>${cells}</tr>`;
  });
  return scrollingTable(
    'Runs compared',
    `<thead><tr><th scope="col" class="name">run</th>${head}</tr></thead><tbody>${rows.join('')}</tbody>`,
    'compared',
  );
}

/** A command, broken between its options rather than inside one. */
function commandHtml(command: string): string {
  return command
    .split(/ (?=--)/)
    .map((option) => `<span class="option">${escapeHtml(option)}</span>`)
    .join(' ');
}
