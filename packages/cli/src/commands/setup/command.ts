import { flag, path } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const setupTensorflow = defineCommand({
  name: 'tensorflow',
  summary: 'make `--engine tensorflow` work, with today’s TensorFlow',
  examples: [
    ['mlm setup tensorflow', 'the CPU build, from PyPI through pip'],
    ['mlm setup tensorflow --gpu', 'with CUDA; needs nothing of the system but the driver'],
    ['mlm setup tensorflow --python .venv/bin/python', 'the TensorFlow of an existing Python'],
    ['mlm setup tensorflow --undo'],
  ],
  arguments: {},
  options: {
    python: path({ excludes: 'undo', help: 'use the TensorFlow that this Python has installed' }),
    gpu: flag({
      excludes: 'undo',
      help: 'the CUDA build, with NVIDIA’s libraries as wheels beside it; with an interpreter named: it must have CUDA',
    }),
    undo: flag({ help: 'remove what an earlier set-up made' }),
    json: json('print the result as one JSON object'),
  },
});

export type SetupTensorflowSettings = CommandSettings<typeof setupTensorflow>;

export const setupXla = defineCommand({
  name: 'xla',
  summary: 'make `--engine xla` work on a GPU',
  examples: [
    ['mlm setup xla', 'for NVIDIA GPUs; needs nothing of the system but the driver'],
    ['mlm setup xla --rocm', 'for AMD GPUs; never tried'],
    ['mlm setup xla --tpu', 'for Google’s TPUs; never tried'],
    ['mlm setup xla --undo'],
  ],
  arguments: {},
  options: {
    rocm: flag({ excludes: ['tpu', 'undo'], help: 'for AMD GPUs in place of NVIDIA’s; never tried' }),
    tpu: flag({ excludes: 'undo', help: 'for Google’s TPUs; never tried' }),
    undo: flag({ help: 'remove what an earlier set-up fetched' }),
    json: json('print the result as one JSON object'),
  },
});

export type SetupXlaSettings = CommandSettings<typeof setupXla>;
