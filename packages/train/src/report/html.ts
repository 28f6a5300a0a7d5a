import { type Curve, chart } from './chart.js';
import type { EvaluationMetrics, MetricsLine } from './metrics.js';
import type { SamplePrediction } from './samples.js';

/** What a report tells beside the curves. */
export interface ReportFacts {
  title: string;
  /** Rows of the table of facts. */
  facts: Record<string, string | number>;
  samples: SamplePrediction[];
}

/** A page about a run that needs no network: curves as inline SVG, facts and sample predictions. */
export function reportPage({ title, facts, samples }: ReportFacts, lines: MetricsLine[]): string {
  const steps = lines.flatMap((line) => ('loss' in line ? [line] : []));
  const evaluations = lines.flatMap((line) => ('eval_loss' in line ? [line] : []));
  const training: Curve = {
    name: 'training',
    points: steps.map(({ step, loss }) => [step, loss]),
    smooth: true,
  };
  const heldOut: Curve = {
    name: 'held out',
    points: evaluations.map(({ step, eval_loss }) => [step, eval_loss]),
  };
  const rate: Curve = { name: 'learning rate', points: steps.map((line) => [line.step, line.learning_rate]) };
  const speed: Curve = {
    name: 'tokens/s',
    points: steps.map((line) => [line.step, line.tokens_per_second]),
    smooth: true,
  };
  const last = evaluations.at(-1);
  const rows = Object.entries({ ...facts, ...(last && heldOutFacts(last)) });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1d2733; }
table { border-collapse: collapse; } td, th { padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top; }
svg { width: 100%; height: auto; } h2 { margin-top: 2rem; } .right { color: #18794e; font-weight: 600; }
</style>
<h1>${escapeHtml(title)}</h1>
<table>${rows.map(([name, value]) => `<tr><th>${escapeHtml(name)}</th><td>${escapeHtml(String(value))}</td></tr>`).join('')}</table>
<h2>Loss</h2>
${chart([training, heldOut], 'nats a token')}
<h2>Learning rate</h2>
${chart([rate], '')}
<h2>Throughput</h2>
${chart([speed], 'tokens/s')}
${samples.length > 0 ? `<h2>Predictions on held-out rows</h2>\n${samples.map(sampleSection).join('\n')}` : ''}
</html>
`;
}

function heldOutFacts({
  eval_loss,
  eval_perplexity,
  eval_accuracy,
}: EvaluationMetrics): Record<string, string> {
  return {
    'held-out loss': eval_loss.toFixed(4),
    'held-out perplexity': eval_perplexity.toFixed(2),
    'held-out accuracy': `${(100 * eval_accuracy).toFixed(2)} %`,
  };
}

function sampleSection({ text, masks }: SamplePrediction): string {
  const rows = masks.map(({ expected, candidates }) => {
    const cells = candidates.map(({ token, probability }) => {
      const right = token === expected ? ' class="right"' : '';
      return `<td${right}>${escapeHtml(token)} ${(100 * probability).toFixed(1)} %</td>`;
    });
    return `<tr><th>${escapeHtml(expected)}</th>${cells.join('')}</tr>`;
  });
  return `<p>${escapeHtml(text)}</p>\n<table>${rows.join('')}</table>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
