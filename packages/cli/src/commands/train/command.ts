import { path, required, whole } from '@mlm/base/options';
import { trainOptions } from '@mlm/train/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { engineOptions } from '../../options/engine.js';
import { recipe } from '../../options/recipes.js';
import { datasetTokenizer, json } from '../../options/shared.js';

export const train = defineCommand({
  name: 'train',
  summary: 'train a masked language model on a dataset',
  examples: [
    ['mlm train out.arrow', 'bert-mini, one epoch, into out-bert-mini/'],
    ['mlm train out.arrow --model bert-base --epochs 3 --masking dynamic --precision bf16'],
    ['mlm train out.arrow --model my-checkpoint/ --learning-rate 5e-5', 'continue from a checkpoint'],
    ['mlm train out.arrow --resume', 'continue an interrupted run, to the same weights'],
  ],
  arguments: { dataset: required(path({ help: 'an .arrow file or a dataset folder' })) },
  options: {
    ...trainOptions,
    recipe,
    tokenizer: datasetTokenizer,
    ...engineOptions,
    serve: whole({
      to: 65_535,
      value: 'port',
      help: 'serve the live report on 127.0.0.1 during training; 0: any free port',
    }),
    json: json('print the result as one JSON object'),
  },
  async resumedOptions(settings) {
    const { outputOf, settingsOfRun } = await import('@mlm/train');
    return settingsOfRun(outputOf(settings));
  },
});

export type TrainCommandSettings = CommandSettings<typeof train>;
