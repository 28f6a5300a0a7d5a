import { list, required, text } from '@mlm/base/options';
import { fillOptions } from '@mlm/train/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { engineOptions } from '../../options/engine.js';
import { json } from '../../options/shared.js';

export const fill = defineCommand({
  name: 'fill',
  summary: 'show the model’s best answers for each [MASK] in a text',
  examples: [
    ['mlm fill out-bert-mini "Paris is the [MASK] of France."'],
    ['mlm fill out-bert-mini "The [MASK] sat on the [MASK]." --top-k 3 --json', 'each [MASK] on its own'],
    ['mlm fill out-bert-mini - < sentences.txt', 'one text per line'],
  ],
  arguments: {
    checkpoint: required(text({ help: 'a checkpoint folder or a hub id' })),
    texts: required(
      list({ help: 'texts with one [MASK] or more, or - to read them from standard input, one per line' }),
    ),
  },
  options: {
    ...fillOptions,
    ...engineOptions,
    json: json('print one JSON object for each text, one per line'),
  },
});

export type FillSettings = CommandSettings<typeof fill>;
