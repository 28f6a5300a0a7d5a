import { path, required } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const verify = defineCommand({
  name: 'verify',
  summary: 'check that a dataset is complete and follows its masking rule',
  examples: [['mlm verify out.arrow'], ['mlm verify out/ --json && echo sound']],
  arguments: { dataset: required(path({ help: 'an .arrow file or a dataset folder' })) },
  options: {
    tokenizer: path({
      help: 'the tokenizer of a dataset made elsewhere; checks the dataset against the general laws of masking',
    }),
    json: json('print the result as one JSON object'),
  },
});

export type VerifySettings = CommandSettings<typeof verify>;
