import { chartFigure } from './chart.js';
import type { Chart, Curve, Points } from './curve.js';
import { escapeHtml, factTable, page, scrollingTable } from './html.js';
import { predictedRows } from './predictions.js';
import type { Run } from './run.js';

/**
 * A page about one run: its figures, curves, answers on validation rows, and what is needed to repeat it.
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
  const predictions = run.predictions ?? [];
  const body = `<main>
<h1>${escapeHtml(run.name)}</h1>
${run.status === 'running' ? liveNote : ''}
${figures(run)}
${charts([run])}
${predictions.length > 0 ? `<h2>Answers on validation rows</h2>\n<p class="muted">The model fills each masked place; hover, or open a row’s list, for the word that stood there.</p>\n${predictedRows(predictions)}` : ''}
<h2>The run</h2>
${run.command === undefined ? '' : `<pre>${escapeHtml(run.command)}</pre>`}
${factTable(run.facts)}
</main>`;
  return page({ title: run.name, body, styles: ['chart.css'], scripts: ['report.js'] });
}

/**
 * A page that puts runs side by side: their curves in the same charts, their facts in one table, differences marked.
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
  const title = runs.map(({ name }) => name).join(', ');
  const body = `<main>
<h1>${runs.length} runs compared</h1>
${charts(runs)}
<h2>Results and settings</h2>
<p class="muted">Rows in which the runs differ are coloured.</p>
${comparisonTable(runs)}
</main>`;
  return page({ title, body, styles: ['chart.css'], scripts: ['report.js'] });
}

const liveNote = `<p data-live="10" class="muted">This run goes on. The page reloads every 10 seconds.
<button type="button" aria-pressed="false">Pause</button></p>`;

/** Figures of a run that stand out: its last results. */
function results({ steps, evaluations }: Run): Record<string, string> {
  const validation = evaluations.at(-1);
  const best = Math.min(...evaluations.map(({ loss }) => loss));
  const last = steps.slice(-20);
  return {
    ...(last.length > 0 && {
      'training loss': (last.reduce((sum, { loss }) => sum + loss, 0) / last.length).toFixed(4),
    }),
    ...(validation && {
      'validation loss': validation.loss.toFixed(4),
      'best validation loss': best.toFixed(4),
      perplexity: Math.exp(validation.loss).toLocaleString('en', { maximumFractionDigits: 2 }),
      accuracy: `${(100 * validation.accuracy).toFixed(2)} %`,
    }),
  };
}

function figures(run: Run): string {
  const items = Object.entries({ ...results(run), status: run.status });
  return `<dl class="figures">${items.map(([label, value]) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`).join('')}</dl>`;
}

function charts(runs: Run[]): string {
  const several = runs.length > 1;
  const perRun = (curve: (run: Run, colour: number) => Omit<Curve, 'colour'>[], apart = false): Curve[] =>
    runs.flatMap((run, index) =>
      curve(run, index).map((entry, i) => ({
        ...entry,
        name: several ? `${run.name}: ${entry.name}` : entry.name,
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
    unit: 'nats a masked token',
    height: 340,
    curves: perRun(
      (run) => [
        { name: 'training', style: 'noisy', points: run.steps.map(({ step, loss }) => [step, loss]) },
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
      curves: ofSteps('gradient norm', (step) => step.gradient_norm, 'noisy'),
    },
    {
      title: 'Learning rate',
      unit: 'learning rate',
      curves: ofSteps('learning rate', (step) => step.learning_rate, 'plain'),
    },
    {
      title: 'Throughput',
      unit: 'tokens/s',
      curves: ofSteps('tokens/s', (step) => step.tokens_per_second, 'noisy'),
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

function comparisonTable(runs: Run[]): string {
  const columns = runs.map(
    (run) =>
      ({ ...results(run), status: run.status, ...run.facts, command: run.command ?? '' }) as Record<
        string,
        string
      >,
  );
  const labels = [...new Set(columns.flatMap((column) => Object.keys(column)))];
  const rows = labels.map((label) => {
    const values = columns.map((column) => column[label] ?? '–');
    const differs = new Set(values).size > 1;
    return `<tr${differs ? ' class="differs"' : ''}><th scope="row" class="name">${escapeHtml(label)}${differs ? '<span class="hidden"> (differs)</span>' : ''}</th>${values.map((value) => `<td>${escapeHtml(value)}</td>`).join('')}</tr>`;
  });
  const head = runs.map(({ name }) => `<th scope="col">${escapeHtml(name)}</th>`).join('');
  return scrollingTable(
    'Runs compared',
    `<thead><tr><th scope="col">run</th>${head}</tr></thead><tbody>${rows.join('')}</tbody>`,
  );
}
