import { flag, list, path, required } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const compare = defineCommand({
  name: 'compare',
  summary: 'compare runs side by side, in a table and a page',
  examples: [
    ['mlm compare runs/a runs/b', 'a table here, and curves in comparison.html'],
    ['mlm compare runs/* --output week-3.html --overwrite'],
  ],
  arguments: { runs: required(list({ help: 'output folders of `mlm train`, finished or still running' })) },
  options: {
    output: path({ default: 'comparison.html', value: 'file', help: 'the page to write' }),
    overwrite: flag({ help: 'replace an existing page' }),
    json: json('print the last results of each run as one JSON object'),
  },
});

export type CompareSettings = CommandSettings<typeof compare>;
