import { path, required, text } from '@mlm/base/options';
import { evaluateOptions } from '@mlm/train/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { engineOptions } from '../../options/engine.js';
import { datasetTokenizer, json } from '../../options/shared.js';

export const evaluate = defineCommand({
  name: 'eval',
  summary: 'measure the loss, perplexity and accuracy of a model on a dataset',
  examples: [
    ['mlm eval out.arrow --model out-bert-mini', 'on the validation rows, if there are any'],
    ['mlm eval out.eval.arrow --model out-bert-mini --json'],
  ],
  arguments: { dataset: required(path({ help: 'an .arrow file or a dataset folder' })) },
  options: {
    model: required(text({ value: 'checkpoint', help: 'a checkpoint folder or a hub id' })),
    tokenizer: datasetTokenizer,
    ...evaluateOptions,
    ...engineOptions,
    json: json('print loss, perplexity and accuracy as one JSON object'),
  },
});

export type EvalSettings = CommandSettings<typeof evaluate>;
