import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { RunSettings } from '@mlm/arrow/sink';
import { exists, lockOutput } from '@mlm/base';
import { InputError, mention, say } from '@mlm/base/errors';
import { type Given, optionsOf } from '@mlm/base/options';
import { partPath, type Share, withoutSecrets } from '@mlm/tokenize/preprocess';
import { commandLine, commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { recipeSettings } from '../../options/recipes.js';
import { printResult } from '../../output/report.js';
import { commandArguments, commandOptions, type PreprocessSettings } from './options.js';
import { shareFor } from './share.js';

const table = { ...commandArguments, ...commandOptions };

/** What concerns one call alone, not the dataset. */
const perCall: ReadonlySet<string> = new Set<keyof PreprocessSettings>([
  'output',
  'overwrite',
  'resume',
  'takeOver',
  'rank',
  'worldSize',
  'quiet',
  'progress',
  'json',
  'debug',
]);

/** How a run was called, as its journal has it for whoever resumes it. */
interface KeptSettings extends Partial<Omit<PreprocessSettings, 'output'>> {
  /** The input because of which none are kept: a pipe, or an address with credentials. */
  withheld?: string;
}

/**
 * What a run keeps of its settings for whoever resumes it: not what concerns this call alone, nor credentials.
 * @param listed the paths that `--files-from` gave
 */
export function settingsToKeep(settings: PreprocessSettings, listed: readonly string[]): RunSettings {
  const lasting: Partial<PreprocessSettings> = Object.fromEntries(
    Object.entries(settings).filter(([name]) => !perCall.has(name)),
  );
  const kept: KeptSettings = { ...lasting, folder: process.cwd(), tokenizer: placed(settings.tokenizer) };
  const { filesFrom } = settings;
  // A pipe gives its list only once.
  if (
    filesFrom !== undefined &&
    (isDescriptor(filesFrom) || !statSync(filesFrom, { throwIfNoEntry: false })?.isFile())
  ) {
    kept.inputs = [...settings.inputs, ...listed];
    delete kept.filesFrom;
  }
  const withheld = kept.inputs?.find((input) => isDescriptor(input) || hasSecrets(input));
  if (withheld === undefined) return { ...kept };
  const shown = hasSecrets(withheld) ? withoutSecrets(withheld) : withheld;
  return { ...kept, inputs: undefined, filesFrom: undefined, withheld: shown };
}

/** Whether a path is a shell's `<(…)`, which is gone, or something else, in another process. */
function isDescriptor(path: string): boolean {
  return /^\/(dev|proc\/\w+)\/fd\/|^\/dev\/stdin$/.test(path);
}

/** Whether an address names a user, or has a query, which may be a signature. In paths and patterns, `?` is a letter. */
function hasSecrets(input: string): boolean {
  return /^\w+:\/\/[^/@]*@|^https?:\/\/[^?#]*[?#]/.test(input);
}

/**
 * The settings of the interrupted run that a command line names by its output; empty if there is none. Its inputs are
 * among them unless others are given.
 * @throws UsageError if the inputs are needed and were not kept
 */
export async function resumedSettings(
  asked: Pick<PreprocessSettings, 'inputs' | 'output' | 'filesFrom' | 'rank' | 'worldSize' | 'recipe'>,
  env: NodeJS.ProcessEnv,
): Promise<Given<typeof table>> {
  if (asked.output === '-' || asked.output === '') return {};
  const [, whole, rank, worldSize] = /^(.*)\.part-(\d{5})-of-(\d{5})\.arrow$/.exec(asked.output) ?? [];
  if (whole !== undefined)
    throw new UsageError(
      `--resume: ${asked.output} is one of several parts; give ${whole}.arrow --rank ${Number(rank)} --world-size ${Number(worldSize)}`,
    );
  const target = partPath(asked.output, shareFor({ env }, asked));
  const { settingsOfInterrupted } = await import('@mlm/arrow/sink');
  const kept: KeptSettings | undefined = await settingsOfInterrupted(target);
  const { withheld, ...settings } = kept ?? {};
  for (const [name, value] of Object.entries(optionsOf(table, settings))) {
    const option = table[name as keyof typeof table];
    if (!option.accepts(value))
      throw new InputError(
        say`${target}.partial: its journal says ${mention(name, String(value))}, expected ${option.expected}; use ${mention('overwrite')} to start over`,
      );
  }
  const { inputs, filesFrom, folder, ...options } = optionsOf(table, settings);
  // Another recipe than that of the run speaks up, so that what it changes is refused.
  if (asked.recipe !== undefined && asked.recipe !== options.recipe)
    for (const name of ['recipe', ...Object.keys(recipeSettings('preprocess', asked.recipe))])
      delete options[name as keyof typeof options];
  if (kept === undefined || asked.inputs.length > 0 || asked.filesFrom !== undefined) return options;
  if (withheld !== undefined)
    throw new UsageError(
      `--resume: the run read ${withheld}, which can only be given again; give the inputs before ${asked.output}`,
    );
  if (inputs === undefined)
    throw new UsageError(
      `--resume: ${target}.partial does not say how its run was called, as that of an earlier version or of a program does not; give its inputs and options again`,
    );
  return { inputs, filesFrom, folder, ...options };
}

/**
 * Goes to the folder in which the run being resumed began, so that its inputs have the same names again.
 * @returns the settings with the other paths as they are from there
 */
export function returnToFolder(settings: PreprocessSettings): PreprocessSettings {
  const { folder } = settings;
  if (folder === undefined || folder === process.cwd()) return settings;
  const moved = { ...settings, output: resolve(settings.output), tokenizer: placed(settings.tokenizer) };
  try {
    process.chdir(folder);
  } catch {
    throw new InputError(`${folder}: the run began in this folder, which is gone; give the inputs again`);
  }
  return moved;
}

/** A tokenizer's path as it is from any folder; a hub id stays. */
function placed(tokenizer: string | undefined): string | undefined {
  return tokenizer !== undefined && existsSync(tokenizer) ? resolve(tokenizer) : tokenizer;
}

/**
 * What is said where `--resume` names no inputs and nothing was interrupted: that the output is complete.
 * @throws InputError if it is not
 */
export async function reportComplete(
  context: Context,
  settings: PreprocessSettings,
  share: Share,
  given: Given<typeof table>,
): Promise<void> {
  const { output } = settings;
  const target = partPath(output, share);
  if (!(await exists(target)))
    throw new InputError(
      say`${target}: no interrupted run to resume; give the inputs to begin one, or for a part ${mention('rank')} and ${mention('worldSize')}`,
    );
  const { openDataset } = await import('@mlm/arrow');
  // A kill between the last two steps of a run leaves its lock.
  (await lockOutput(target)).release();
  const dataset = await openDataset(target);
  const { rows, metadata, validation } = dataset;
  await dataset.close();
  const result = { output: target, ...(metadata?.counts ?? { rows: rows + (validation?.rows ?? 0) }) };
  const lines = [`Already finished: nothing was left to do for ${target}.`];
  if (Object.keys(given).some((name) => name !== 'workers' && !perCall.has(name)))
    lines.push('The options given were not compared with those of the finished run.');
  printResult(context, settings, result, () => lines);
}

/** How an interrupted run is continued, for a message; `undefined` if it left nothing to go on with. */
export async function continuation(
  { env }: Pick<Context, 'env'>,
  { output, inputs }: PreprocessSettings,
  share: Share,
): Promise<string | undefined> {
  if (output === '-') return undefined;
  const { settingsOfInterrupted } = await import('@mlm/arrow/sink');
  const kept: KeptSettings | undefined = await settingsOfInterrupted(partPath(output, share));
  if (kept === undefined) return undefined;
  const { rank, worldSize } = share;
  const part = worldSize > 1 ? ['--rank', String(rank), '--world-size', String(worldSize)] : [];
  const line = commandLine(['preprocess', '--resume', output, ...part], commandName(env));
  if (kept.withheld !== undefined) return `${line}, with the same inputs before ${output}`;
  return inputs.includes('-') ? `${line}, with the same standard input` : line;
}
