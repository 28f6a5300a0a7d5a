import { basename } from 'node:path';
import type { PredictedRow, Run } from '@mlm/pages';
import type { TrainerState } from '../checkpoint/state.js';
import type { ResolvedOptions } from '../loop/options.js';
import type { MetricsLine } from './metrics.js';

/** What a run is described with beside its metrics. */
export interface RunDescription {
  options: ResolvedOptions;
  state: TrainerState;
  status: Run['status'];
  /** Numbers the model consists of. */
  parameters: number;
  validationRows: number;
  predictions?: PredictedRow[] | undefined;
  unigramLoss?: number | undefined;
}

/** A run as a page shows it: its metrics, and everything that is needed to repeat it. */
export function describeRun(description: RunDescription, lines: MetricsLine[]): Run {
  const { options, status, predictions, unigramLoss } = description;
  return {
    name: basename(options.output),
    status,
    facts: factsOf(description),
    steps: lines.flatMap((line) => ('loss' in line ? [line] : [])),
    evaluations: lines.flatMap((line) =>
      'eval_loss' in line ? [{ step: line.step, loss: line.eval_loss, accuracy: line.eval_accuracy }] : [],
    ),
    predictions,
    unigramLoss,
  };
}

/** Names in a recipe that have a wording of their own above, or tell a person nothing. */
const unlisted = new Set([
  'rows',
  'model',
  'engine',
  'device',
  'precision',
  'total-steps',
  'tokenizer',
  'dataset-content',
]);

function factsOf({ options, state, parameters, validationRows }: RunDescription): Record<string, string> {
  const { recipe } = state;
  const facts: Record<string, string> = {
    dataset: `${options.dataset} (${count(recipe.rows)} rows to train on, ${count(validationRows)} validation rows)`,
    model: `${options.model} (${count(parameters)} parameters)`,
    engine: `${recipe.engine} on ${recipe.device}, ${recipe.precision}`,
    steps: `${count(state.step)} of ${count(recipe['total-steps'])}`,
    tokens: count(state.tokens),
    'time in steps': duration(state.elapsed_seconds),
    written: new Date().toISOString().slice(0, 16).replace('T', ' '),
    versions: `Node ${process.versions.node} on ${process.platform} ${process.arch}`,
  };
  for (const [name, value] of Object.entries(recipe)) {
    if (unlisted.has(name) || value === null) continue;
    facts[name.replaceAll(/[-_]/g, ' ')] = name === 'masking-rule' ? ruleText(String(value)) : String(value);
  }
  return facts;
}

/** `{"probability":0.15,"replace":"mask"}` as `probability 0.15, replace mask`. */
function ruleText(json: string): string {
  return Object.entries(JSON.parse(json) as Record<string, unknown>)
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(', ');
}

function count(value: string | number | boolean | null | undefined): string {
  return Number(value ?? 0).toLocaleString('en');
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
