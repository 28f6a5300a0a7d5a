import { flag, path } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const setupTensorflow = defineCommand({
  name: 'tensorflow',
  summary: 'set up `--engine tensorflow`, with the current TensorFlow',
  examples: [
    ['mlm setup tensorflow', 'the CPU build, from PyPI through pip'],
    ['mlm setup tensorflow --gpu', 'with CUDA; the system needs only the driver'],
    ['mlm setup tensorflow --python .venv/bin/python', 'the TensorFlow of an existing Python'],
    ['mlm setup tensorflow --undo'],
  ],
  arguments: {},
  options: {
    python: path({ excludes: 'undo', help: 'use the TensorFlow that this Python has installed' }),
    gpu: flag({
      excludes: 'undo',
      help: 'install the CUDA build with NVIDIA’s libraries as wheels; with --python: require a build with CUDA',
    }),
    undo: flag({ help: 'remove an earlier set-up' }),
    json: json('print the result as one JSON object'),
  },
});

export type SetupTensorflowSettings = CommandSettings<typeof setupTensorflow>;

export const setupXla = defineCommand({
  name: 'xla',
  summary: 'set up `--engine xla` for a GPU',
  examples: [
    ['mlm setup xla', 'for NVIDIA GPUs; the system needs only the driver'],
    ['mlm setup xla --rocm', 'for AMD GPUs; untested'],
    ['mlm setup xla --tpu', 'for Google’s TPUs; untested'],
    ['mlm setup xla --undo'],
  ],
  arguments: {},
  options: {
    rocm: flag({ excludes: ['tpu', 'undo'], help: 'for AMD GPUs instead of NVIDIA’s; untested' }),
    tpu: flag({ excludes: 'undo', help: 'for Google’s TPUs; untested' }),
    undo: flag({ help: 'remove an earlier set-up' }),
    json: json('print the result as one JSON object'),
  },
});

export type SetupXlaSettings = CommandSettings<typeof setupXla>;
