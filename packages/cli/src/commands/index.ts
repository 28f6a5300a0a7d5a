import { Command } from 'commander';
import { type CommandMaker, runnable } from '../options/command.js';
import { compare } from './compare/command.js';
import { completion } from './completion/command.js';
import { demo } from './demo/command.js';
import { doctor } from './doctor/command.js';
import { evaluate } from './eval/command.js';
import { exportCommand } from './export/command.js';
import { fill } from './fill/command.js';
import { inspect } from './inspect/command.js';
import { merge } from './merge/command.js';
import { preprocess } from './preprocess/command.js';
import { setupTensorflow, setupXla } from './setup/command.js';
import { train } from './train/command.js';
import { verify } from './verify/command.js';
import { vocab } from './vocab/command.js';

/** The help group for first steps. */
export const gettingStarted = 'Getting started:';

/** All commands, by their group in the help. */
export const commandGroups: Record<string, readonly CommandMaker[]> = {
  'From text to a dataset:': [
    runnable(preprocess, async () => (await import('./preprocess/run.js')).runPreprocess),
    runnable(vocab, async () => (await import('./vocab/run.js')).runVocab),
    runnable(inspect, async () => (await import('./inspect/run.js')).runInspect),
    runnable(verify, async () => (await import('./verify/run.js')).runVerify),
    runnable(merge, async () => (await import('./merge/run.js')).runMerge),
  ],
  'From a dataset to a model:': [
    runnable(train, async () => (await import('./train/run.js')).runTrain),
    runnable(evaluate, async () => (await import('./eval/run.js')).runEval),
    runnable(compare, async () => (await import('./compare/run.js')).runCompare),
    runnable(fill, async () => (await import('./fill/run.js')).runFill),
    runnable(exportCommand, async () => (await import('./export/run.js')).runExport),
  ],
  [gettingStarted]: [
    runnable(demo, async () => (await import('./demo/run.js')).runDemo),
    runnable(doctor, async () => (await import('./doctor/run.js')).runDoctor),
    group('setup', 'set up an optional engine', [
      runnable(setupTensorflow, async () => (await import('./setup/run.js')).runSetupTensorflow),
      runnable(setupXla, async () => (await import('./setup/run.js')).runSetupXla),
    ]),
    runnable(completion, async () => (await import('./completion/run.js')).runCompletion),
  ],
};

/** A command that only has subcommands. */
function group(name: string, summary: string, commands: readonly CommandMaker[]): CommandMaker {
  return (context) => {
    const parent = new Command(name).description(summary);
    for (const make of commands) parent.addCommand(make(context));
    return parent;
  };
}
