import { type OptionTable, optionsOf } from '@mlm/base/options';
import { outputOf, type TrainEvent, train } from '@mlm/train';
import { trainOptions } from '@mlm/train/options';
import { commandLine, commandName, shellWord } from '../../command-name.js';
import type { Context } from '../../context.js';
import type { Invocation } from '../../options/command.js';
import { pickEngine } from '../../options/engine.js';
import { flagOf } from '../../options/flags.js';
import { datasetTokenizer } from '../../options/shared.js';
import {
  formatCount,
  formatDuration,
  formatNoun,
  formatShare,
  formatShortCount,
} from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import { namedTokenizer } from '../../tokenizer.js';
import type { TrainCommandSettings, train as trainCommand } from './command.js';
import { followTraining, type TrainResult } from './follow.js';
import { serveReport } from './serve.js';

export async function runTrain(
  context: Context,
  options: TrainCommandSettings,
  { given }: Pick<Invocation<typeof trainCommand>, 'given'>,
): Promise<void> {
  const { settings: engine, report } = await pickEngine(context, options);
  const tokenizer = options.tokenizer === undefined ? undefined : await namedTokenizer(options.tokenizer);
  const saveRequested = listenForSaveRequest(context);
  const command = options.resume ? repeatingCommand(options) : commandLine();
  // The library itself takes the rest from the run being continued, and says which of these differ.
  const asked = optionsOf(trainOptions, { ...given, ...engine });
  const { dataset } = options;
  const request = { ...asked, dataset, tokenizer, command, saveRequested, signal: context.signal };
  const events = served(reportedAtStart(train(request), report), context, {
    output: outputOf(options),
    serve: options.serve,
  });
  const result = await followTraining(context, events, options);
  printResult(context, options, result, (style) => [
    ...headline(result).map((line) => style('yellow', line)),
    ...describe(result),
    `Next: ${commandName(context.env)} fill ${shellWord(result.output)} "Some text with a [MASK] in it."`,
  ]);
}

/** What concerns this call alone. */
const { resume, overwrite, takeOver, acceptInexact, ...repeatable } = trainOptions;

/** The command that repeats a run which goes on: what was typed says only that it does. */
export function repeatingCommand(options: TrainCommandSettings): string {
  const table: OptionTable = { ...repeatable, tokenizer: datasetTokenizer };
  const settings: Readonly<Record<string, unknown>> = options;
  const flags = Object.entries(table).flatMap(([name, option]) => {
    const value = settings[name];
    if (value === undefined || value === option.default || option.flag === false) return [];
    const flag = `--${flagOf(name, option)}`;
    return value === true ? [flag] : [flag, String(value)];
  });
  return commandLine(['train', options.dataset, ...flags]);
}

/** Returns a function that tells whether SIGUSR1, which asks for a checkpoint, came since its last call. */
function listenForSaveRequest(context: Context): () => boolean {
  let asked = false;
  process.on('SIGUSR1', () => {
    asked = true;
    context.stderr.write('mlm: saving a checkpoint after this step\n');
  });
  return () => {
    const answer = asked;
    asked = false;
    return answer;
  };
}

/** Passes events on, and reports the chosen engine once it has loaded the model. */
async function* reportedAtStart(
  events: AsyncIterable<TrainEvent>,
  report: () => void,
): AsyncGenerator<TrainEvent> {
  for await (const event of events) {
    if (event.type === 'start') report();
    yield event;
  }
}

/** The events as they are; the report is served meanwhile, where a port is given. */
async function* served(
  events: AsyncIterable<TrainEvent>,
  { stderr }: Context,
  { output, serve }: { output: string; serve: number | undefined },
): AsyncGenerator<TrainEvent> {
  // A port that is taken is told before anything is written.
  const server = serve === undefined ? undefined : await serveReport(output, serve);
  try {
    for await (const event of events) {
      if (event.type === 'start' && server) stderr.write(`mlm: report on ${server.url}\n`);
      yield event;
    }
  } finally {
    await server?.close();
  }
}

/** The first lines about a run that was stopped, or was already finished. */
export function headline({ reason, step, total_steps, loss }: TrainResult): string[] {
  const place = `step ${formatCount(step)} of ${formatCount(total_steps)}`;
  if (reason === 'aborted') {
    const when = step === 0 ? 'before the first step' : `after ${place}`;
    return [`Stopped ${when}; continue with the same command and --resume.`];
  }
  if (reason === 'stopped early') return [`Stopped early at ${place}: no better validation loss.`];
  return loss === null ? [`Already finished, at ${place}: nothing was left to do.`] : [];
}

export function describe(result: TrainResult): string[] {
  const { step, loss, tokens, tokens_per_second, elapsed_seconds, programs, evaluations } = result;
  const last = evaluations.at(-1);
  return [
    `${formatNoun(step, 'step')}, ${formatShortCount(tokens)} tokens in ${formatDuration(elapsed_seconds)}` +
      (tokens_per_second > 0 ? ` (${formatShortCount(tokens_per_second)} tokens/s)` : ''),
    ...(programs === undefined ? [] : [`${formatNoun(programs, 'program')} compiled by XLA or cached`]),
    ...(loss === null ? [] : [`loss ${loss.toFixed(4)}`]),
    ...(last === undefined
      ? []
      : [
          `validation loss ${last.loss.toFixed(4)}, perplexity ${last.perplexity.toFixed(2)}, ` +
            `accuracy ${formatShare(last.accuracy)}`,
        ]),
    `checkpoint in ${result.output}/`,
  ];
}
