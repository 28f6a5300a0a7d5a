import { settingsOf } from '@mlm/base/options';
import { outputOf, settingsOfRun, type TrainEvent, train } from '@mlm/train';
import { trainOptions } from '@mlm/train/options';
import { commandLine, commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import type { Invocation } from '../../options/command.js';
import { pickEngine } from '../../options/engine.js';
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
  settings: TrainCommandSettings,
  { given }: Pick<Invocation<typeof trainCommand>, 'given'>,
): Promise<void> {
  const options = settings.resume ? await resumedSettings(settings, given) : settings;
  if (options.patience > 0 && options.evalEvery === 0) {
    throw new UsageError('--early-stop: say with --eval-every <steps> how often validation rows are scored');
  }
  const { settings: engine, report } = await pickEngine(context, options);
  const tokenizer = options.tokenizer === undefined ? undefined : await namedTokenizer(options.tokenizer);
  const saveRequested = listenForSaveRequest(context);
  const command = commandLine();
  const asked = settingsOf(trainOptions, { ...options, ...engine });
  const { dataset } = options;
  const request = { ...asked, dataset, tokenizer, command, saveRequested, signal: context.signal };
  const events = served(reportedAtStart(train(request), report), context, {
    output: outputOf(request),
    serve: options.serve,
  });
  const result = await followTraining(context, events, options);
  printResult(context, options, result, (style) => [
    ...headline(result).map((line) => style('yellow', line)),
    ...describe(result),
    `Next: ${commandName(context.env)} fill ${result.output} "Some text with a [MASK] in it."`,
  ]);
}

/** A resumed run goes on with its own options; what the command line says it must agree with. */
async function resumedSettings(
  settings: TrainCommandSettings,
  given: Partial<TrainCommandSettings>,
): Promise<TrainCommandSettings> {
  const own = await settingsOfRun(outputOf(settings));
  return { ...settings, ...own, ...given } as TrainCommandSettings;
}

/** SIGUSR1 asks for a checkpoint: whether it came since the last answer. */
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

/** The events as they are; what was picked is told when the engine has the model. */
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

/** What is to be known first of a run that did not simply finish now. */
export function headline({ reason, step, total_steps, loss }: TrainResult): string[] {
  const place = `step ${formatCount(step)} of ${formatCount(total_steps)}`;
  if (reason === 'aborted') {
    const when = step === 0 ? 'before the first step' : `after ${place}`;
    return [`Stopped ${when}; go on with the same command and --resume.`];
  }
  if (reason === 'stopped early') return [`Stopped early at ${place}: no better validation loss.`];
  return loss === null ? [`Finished already, at ${place}: nothing was left to do.`] : [];
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
