// What is broken off: commands, each with what must be there before and how one goes on.

/**
 * @typedef {object} Scenario
 * @property {string[]} args the command, run in a folder of its own; `$input` is the folder of inputs
 * @property {string[]} [before] commands that make what is replaced
 * @property {string[]} goOn the options with which the command is given again
 * @property {string} target what appears whole or not at all
 * @property {string[]} [companions] what belongs to the target
 * @property {string[]} [ignored] names in the output whose contents depend on time
 * @property {boolean} [isSlow] left out of the sample
 */

const preprocess = ['preprocess', '$input/corpus', '--eval-fraction', '0.3', '--sequence-length', '16'];
const tokenizer = ['--tokenizer', '$input/tokenizer', '--workers', '1', '-q'];
const smallShards = ['--shard-size', '4096'];
const train = [
  '--model',
  '$input/config',
  '--engine',
  'onnx',
  '--threads',
  '1',
  '--batch-size',
  '4',
  '--seed',
  '3',
  '-q',
];

/** @type {Record<string, Scenario>} */
export const scenarios = {
  'preprocess to a file': {
    args: [...preprocess, 'out.arrow', ...tokenizer],
    goOn: ['--resume'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
  },
  'preprocess to a folder': {
    args: [...preprocess, 'out', ...tokenizer, ...smallShards],
    goOn: ['--resume'],
    target: 'out',
  },
  'preprocess over a file': {
    before: ['preprocess $input/corpus out.arrow --sequence-length 8 --eval-fraction 0.2'],
    args: [...preprocess, 'out.arrow', ...tokenizer, '--overwrite'],
    goOn: ['--resume'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
  },
  'preprocess over a folder': {
    before: ['preprocess $input/corpus out --sequence-length 8'],
    args: [...preprocess, 'out', ...tokenizer, ...smallShards, '--overwrite'],
    goOn: ['--resume'],
    target: 'out',
  },
  'merge to a file': {
    args: [
      'merge',
      '$input/part.part-00000-of-00002.arrow',
      '$input/part.part-00001-of-00002.arrow',
      'out.arrow',
    ],
    goOn: ['--overwrite'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
  },
  'merge over a folder': {
    before: ['preprocess $input/corpus out --sequence-length 8 --eval-fraction 0.2'],
    args: [
      'merge',
      '$input/part.part-00000-of-00002.arrow',
      '$input/part.part-00001-of-00002.arrow',
      'out',
      '--overwrite',
    ],
    goOn: [],
    target: 'out',
  },
  vocab: {
    args: ['vocab', '$input/corpus', '--size', '200', '--output', 'out', '-q'],
    goOn: ['--overwrite'],
    target: 'out',
  },
  'vocab over a folder': {
    before: ['vocab $input/corpus --size 100 --output out -q'],
    args: ['vocab', '$input/corpus', '--size', '200', '--output', 'out', '-q', '--overwrite'],
    goOn: [],
    target: 'out',
  },
  'export over a folder': {
    before: ['export $input/older out'],
    args: ['export', '$input/run', 'out', '--overwrite'],
    goOn: [],
    target: 'out',
    isSlow: true,
  },
  train: {
    args: [
      'train',
      '$input/data.arrow',
      '--output',
      'out',
      ...train,
      '--max-steps',
      '6',
      '--save-every',
      '2',
      '--eval-every',
      '2',
      '--keep',
      '2',
    ],
    goOn: ['--resume'],
    // A run's folder is there from the first step on; each of its checkpoints is whole or not there.
    target: 'out/model.safetensors',
    ignored: ['metrics.jsonl', 'trainer_state.json', 'report.html', 'events.out'],
    isSlow: true,
  },
};
