import { list, path, required } from '@mlm/base/options';
import { outputOptions } from '@mlm/tokenize/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const merge = defineCommand({
  name: 'merge',
  summary: 'join the parts that several machines wrote into the dataset that one would have written',
  examples: [
    ['mlm preprocess corpus/ out.arrow --rank 0 --world-size 2', 'on the first machine'],
    ['mlm preprocess corpus/ out.arrow --rank 1 --world-size 2', 'on the second'],
    ['mlm merge out.part-*-of-00002.arrow out.arrow', 'the same bytes as a single run'],
  ],
  arguments: {
    parts: list({ default: [], help: 'the parts, in any order' }),
    output: required(path({ help: 'an .arrow file or a folder' })),
  },
  options: {
    shardBytes: outputOptions.shardBytes,
    overwrite: outputOptions.overwrite,
    takeOver: outputOptions.takeOver,
    json: json('print the summary as one JSON object'),
  },
});

export type MergeSettings = CommandSettings<typeof merge>;
