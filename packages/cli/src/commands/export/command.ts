import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';

export interface ExportOptions {
  overwrite?: boolean;
  takeOver?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function exportCommand(context: Context): Command {
  return defineCommand(
    'export',
    'write a checkpoint as ONNX for the browser, in the layout of transformers.js',
    [['mlm export out-bert-mini web/', 'then, in a page: pipeline("fill-mask", "web/")']],
  )
    .argument('<checkpoint>', 'a checkpoint folder or a hub id')
    .argument('<output>', 'the folder to write')
    .option('--overwrite', 'replace an existing output')
    .option('--take-over', 'take the output from a process on another machine that seems to be writing it')
    .option('--json', 'print the summary as one JSON object')
    .action(async (checkpoint: string, output: string, options: ExportOptions) => {
      const { runExport } = await import('./run.js');
      await runExport(context, checkpoint, output, options);
    });
}
