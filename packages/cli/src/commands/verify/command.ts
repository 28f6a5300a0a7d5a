import { path, required } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const verify = defineCommand({
  name: 'verify',
  summary: 'check that a dataset is whole and follows its masking rule',
  examples: [['mlm verify out.arrow'], ['mlm verify out/ --json && echo sound']],
  arguments: { dataset: required(path({ help: 'an .arrow file or a dataset folder' })) },
  options: {
    tokenizer: path({
      help: 'check a dataset from elsewhere by the laws of the rule, with its tokenizer',
    }),
    json: json('print the result as one JSON object'),
  },
});

export type VerifySettings = CommandSettings<typeof verify>;
