import { basename, join } from 'node:path';
import { exists } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { parseJson } from '@mlm/base/json';
import type { PredictedRow, Run } from '@mlm/pages';
import { readState, stateFile, type TrainerState } from '../checkpoint/state.js';
import type { ResolvedOptions } from '../loop/options.js';
import { MetricsFile, type MetricsLine } from './metrics.js';

/** What a run is described with beside its metrics. */
export interface RunDescription {
  options: ResolvedOptions;
  state: TrainerState;
  status: Run['status'];
  /** Why it failed. */
  failure?: string | undefined;
  /** Numbers the model consists of. */
  parameters: number;
  validationRows: number;
  predictions?: PredictedRow[] | undefined;
  unigramLoss?: number | undefined;
}

/** A run as a page shows it: its metrics, and everything that is needed to repeat it. */
export function describeRun(description: RunDescription, lines: MetricsLine[]): Run {
  const { options, state, status, failure, parameters, validationRows, predictions, unigramLoss } =
    description;
  const { recipe } = state;
  return {
    name: basename(options.output),
    status,
    failure,
    totalSteps: Number(recipe['total-steps']),
    command: options.command,
    facts: {
      ...stateFacts(state),
      dataset: `${options.dataset} (${count(recipe.rows)} rows to train on, ${count(validationRows)} validation rows)`,
      model: `${options.model} (${count(parameters)} parameters)`,
      written: new Date().toISOString().slice(0, 16).replace('T', ' ').concat(' UTC'),
      versions: `Node ${process.versions.node} on ${process.platform} ${process.arch}`,
    },
    ...curvesOf(lines),
    predictions,
    unigramLoss,
  };
}

/**
 * The run that a folder holds, by its metrics.jsonl and its trainer_state.json; a run that has not ended yet has none of
 * the latter, and so no settings.
 * @throws InputError for a folder without metrics.jsonl, or with a damaged trainer_state.json
 *
 * @example
 * ```ts
 * import { readRun } from '@mlm/train';
 *
 * const { steps, evaluations } = await readRun('out-bert-tiny');
 * ```
 */
export async function readRun(folder: string): Promise<Run> {
  const lines = await new MetricsFile(folder).read();
  if (lines.length === 0) {
    throw new InputError(
      `${folder}: is no run (no metrics.jsonl with a line in it); name folders that training wrote`,
    );
  }
  const state = (await exists(join(folder, stateFile))) ? await readState(folder) : undefined;
  const ended = state !== undefined && state.step === state.recipe['total-steps'];
  return {
    name: folder.replace(/[/\\]+$/, ''),
    status: state === undefined ? 'running' : ended ? 'finished' : 'stopped',
    facts: state === undefined ? {} : stateFacts(state),
    ...curvesOf(lines),
  };
}

function curvesOf(lines: MetricsLine[]): Pick<Run, 'steps' | 'evaluations'> {
  return {
    steps: lines.flatMap((line) => ('loss' in line ? [line] : [])),
    evaluations: lines.flatMap((line) =>
      'eval_loss' in line ? [{ step: line.step, loss: line.eval_loss, accuracy: line.eval_accuracy }] : [],
    ),
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

function stateFacts({ recipe, step, tokens, elapsed_seconds }: TrainerState): Record<string, string> {
  const facts: Record<string, string> = {
    dataset: `${count(recipe.rows)} rows to train on`,
    model: String(recipe.model),
    engine: `${recipe.engine} on ${recipe.device}, ${recipe.precision}`,
    steps: `${count(step)} of ${count(recipe['total-steps'])}`,
    tokens: count(tokens),
    'time in steps': duration(elapsed_seconds),
  };
  for (const [name, value] of Object.entries(recipe)) {
    if (unlisted.has(name) || value === null) continue;
    facts[name.replaceAll(/[-_]/g, ' ')] = name === 'masking-rule' ? ruleText(String(value)) : String(value);
  }
  return facts;
}

/** `{"probability":0.15,"replace":"mask"}` as `probability 0.15, replace mask`; what is no such text stays as it is. */
function ruleText(json: string): string {
  let rule: Record<string, unknown>;
  try {
    rule = parseJson(json) as typeof rule;
  } catch {
    return json;
  }
  return Object.entries(rule ?? {})
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
