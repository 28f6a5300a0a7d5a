import { path, required, whole } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { datasetTokenizer, json } from '../../options/shared.js';

export const inspect = defineCommand({
  name: 'inspect',
  summary: 'show what a dataset holds: schema, counts, shares and sample rows',
  examples: [
    ['mlm inspect out.arrow'],
    ['mlm inspect out/ --rows 20', 'more rows, their masked tokens marked'],
    ['mlm inspect out.arrow --html masks.html', 'a page with the masks in colour'],
    ['mlm inspect out.arrow --json'],
  ],
  arguments: { dataset: required(path({ help: 'an .arrow file or a dataset folder' })) },
  options: {
    rows: whole({ to: 10_000, shown: '3; 200 in a page', help: 'rows to show' }),
    html: path({ value: 'file', help: 'write a page that shows the rows’ masks in colour, with filters' }),
    tokenizer: datasetTokenizer,
    json: json('print everything as one JSON object'),
  },
});

export type InspectSettings = CommandSettings<typeof inspect>;
