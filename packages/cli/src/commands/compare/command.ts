import { flag, list, path, required } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const compare = defineCommand({
  name: 'compare',
  summary: 'put runs side by side, in one page and one table',
  examples: [
    ['mlm compare runs/a runs/b', 'a table here, and curves in comparison.html'],
    ['mlm compare runs/* --output week-3.html --overwrite'],
  ],
  arguments: { runs: required(list({ help: 'folders that `mlm train` wrote, or is writing' })) },
  options: {
    output: path({ default: 'comparison.html', value: 'file', help: 'where the page goes' }),
    overwrite: flag({ help: 'replace an existing page' }),
    json: json('print the last results of each run as one JSON object'),
  },
});

export type CompareSettings = CommandSettings<typeof compare>;
