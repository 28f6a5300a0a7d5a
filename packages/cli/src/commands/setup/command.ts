import { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';

export interface SetupTensorflowOptions {
  python?: string;
  gpu?: boolean;
  undo?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function setupCommand(context: Context): Command {
  const tensorflow = defineCommand('tensorflow', 'make `--engine tensorflow` work, with today’s TensorFlow', [
    ['mlm setup tensorflow', 'the CPU build, from PyPI through pip'],
    ['mlm setup tensorflow --gpu', 'with CUDA; needs nothing of the system but the driver'],
    ['mlm setup tensorflow --python .venv/bin/python', 'the TensorFlow of an existing Python'],
    ['mlm setup tensorflow --undo'],
  ])
    .option('--python <path>', 'use the TensorFlow that this Python has installed')
    .option(
      '--gpu',
      'the CUDA build, with NVIDIA’s libraries as wheels beside it; with --python: it must have CUDA',
    )
    .option('--undo', 'remove what an earlier set-up made')
    .option('--json', 'print the result as one JSON object')
    .action(async (options: SetupTensorflowOptions) => {
      const { runSetupTensorflow } = await import('./run.js');
      await runSetupTensorflow(context, options);
    });
  return new Command('setup').description('get an optional engine ready').addCommand(tensorflow);
}
