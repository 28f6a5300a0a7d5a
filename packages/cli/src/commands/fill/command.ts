import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { addEngineOptions, type EngineOptions } from '../../options/engine.js';
import { integer } from '../../options/parse.js';

export interface FillOptions extends EngineOptions {
  topK: number;
  json?: boolean;
  quiet?: boolean;
}

export function fillCommand(context: Context): Command {
  const command = defineCommand('fill', 'the model’s answers for each [MASK] in a text', [
    ['mlm fill out-bert-mini "Paris is the [MASK] of France."'],
    ['mlm fill out-bert-mini "The [MASK] sat on the [MASK]." --top-k 3 --json', 'each mask on its own'],
    ['mlm fill out-bert-mini - < sentences.txt', 'a text a line'],
  ])
    .argument('<checkpoint>', 'a checkpoint folder or a hub id')
    .argument(
      '<texts...>',
      'texts with one [MASK] or more, or - to read them from standard input, one a line',
    )
    .option('--top-k <n>', 'answers for each mask', integer(1, 1000), 5)
    .option('--json', 'print one JSON object for each text, a line each');
  return addEngineOptions(command).action(
    async (checkpoint: string, texts: string[], options: FillOptions) => {
      const { runFill } = await import('./run.js');
      await runFill(context, checkpoint, texts, options);
    },
  );
}
