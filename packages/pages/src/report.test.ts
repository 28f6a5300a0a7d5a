import { expect, test } from 'vitest';
import { comparisonPage, reportPage } from './report.js';
import type { Run } from './run.js';

const run: Run = {
  name: 'runs/<one>',
  status: 'finished',
  command: 'mlm train out.arrow --output "runs/<one>"',
  facts: { model: 'bert-tiny', seed: '1' },
  steps: [1, 2, 3].map((step) => ({
    step,
    loss: 9 - step,
    learning_rate: 1e-4,
    tokens_per_second: 1000,
    gradient_norm: 2,
  })),
  evaluations: [{ step: 3, loss: 6.5, accuracy: 0.25 }],
  unigramLoss: 7,
  predictions: [
    {
      parts: [
        'a',
        {
          expected: 'b</script>',
          candidates: [
            { word: 'c&', probability: 0.5, isRight: false },
            { word: 'b</script>', probability: 0.25, isRight: true },
          ],
        },
      ],
    },
  ],
};

test('a report loads nothing from the network, and no text closes a script early', () => {
  const html = reportPage(run);
  expect(html).not.toMatch(/(src|href)="(?!data:)/);
  expect(html).not.toMatch(/url\(|@import|fetch\(/);
  expect(html.match(/<script/g)?.length).toBe(html.match(/<\/script>/g)?.length);
  expect(html).toContain('runs/&lt;one&gt;');
  expect(html).toContain('b&lt;/script&gt;');
});

test('a wrong answer shows the original word, to screen readers, too', () => {
  expect(reportPage(run)).toContain(
    '<span class="hidden"> (wrong: the original is “b&lt;/script&gt;”)</span>',
  );
});

test('only the page of a running run reloads', () => {
  expect(reportPage(run)).not.toContain('data-live="');
  expect(reportPage({ ...run, status: 'running' })).toContain('data-live="10"');
});

test('every chart has its values as a table', () => {
  const html = reportPage(run);
  expect(html.match(/<figure /g)?.length).toBe(5);
  expect(html.match(/<caption /g)?.length).toBe(5);
});

test('a comparison marks the rows in which the runs differ, and no others', () => {
  const html = comparisonPage([run, { ...run, name: 'two', facts: { model: 'bert-tiny', seed: '2' } }]);
  expect(html).toMatch(/<tr class="differs"><th[^>]*>seed/);
  expect(html).toMatch(/<tr><th[^>]*>model/);
  const [compared, shared] = html.split('The same in all runs');
  expect(compared).toMatch(/>validation loss<\/th><td>6.5000<\/td><td>6.5000</);
  expect(shared).toMatch(/>model<\/th><td>bert-tiny<\/td><\/tr>/);
});

test('a running run shows its progress, a failed one the reason, and NaN is never the best loss', () => {
  const running = reportPage({ ...run, status: 'running', totalSteps: 12 });
  expect(running).toContain('<dd>3 of 12</dd>');
  expect(running).toContain('<progress max="12" value="3"');
  const failed = reportPage({
    ...run,
    status: 'failed',
    failure: 'a < b',
    evaluations: [...run.evaluations, { step: 4, loss: Number.NaN, accuracy: 0 }],
  });
  expect(failed).toContain('<p class="failure">a &lt; b</p>');
  expect(failed).toContain('<dt>best validation loss</dt><dd>6.5000</dd>');
  expect(failed).not.toContain('<progress');
});

test('a run without steps, evaluations or answers still makes a page', () => {
  expect(reportPage({ name: 'x', status: 'stopped', facts: {}, steps: [], evaluations: [] })).toContain(
    'stopped',
  );
});
