import { path, required, text } from '@mlm/base/options';
import { exportOptions } from '@mlm/train/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const exportCommand = defineCommand({
  name: 'export',
  summary: 'write a checkpoint as ONNX for the browser, in the layout of transformers.js',
  examples: [['mlm export out-bert-mini web/', 'then, in a page: pipeline("fill-mask", "web/")']],
  arguments: {
    checkpoint: required(text({ help: 'a checkpoint folder or a hub id' })),
    output: required(path({ help: 'the folder to write' })),
  },
  options: { ...exportOptions, json: json('print the summary as one JSON object') },
});

export type ExportSettings = CommandSettings<typeof exportCommand>;
