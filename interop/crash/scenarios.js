// What is broken off: commands, each with what must be there before and how one goes on.

/**
 * @typedef {object} Scenario
 * @property {string[]} args the command, run in a folder of its own; `$input` is the folder of inputs
 * @property {string[]} [before] commands that make what is replaced
 * @property {string[]} goOn the options with which the command is given again
 * @property {string} [target] what appears whole or not at all
 * @property {string[]} [companions] what belongs to the target
 * @property {string[]} [ignored] names in the output whose contents depend on time
 * @property {boolean} [reads] the faults are of reading the inputs, not of writing
 * @property {boolean} [answers] what it prints is compared too
 * @property {boolean} [hasOwnCache] compiled models are kept in the command's folder, and so broken off like its output
 * @property {boolean} [needsRun] takes a trained model as its input
 * @property {boolean} [isSlow] left out of the sample
 */

const preprocess = ['preprocess', '$input/corpus', '--eval-fraction', '0.3', '--sequence-length', '16'];
const tokenizer = ['--tokenizer', '$input/tokenizer', '--workers', '1', '-q'];
const smallShards = ['--shard-size', '4096'];
const parts = ['$input/part.part-00000-of-00002.arrow', '$input/part.part-00001-of-00002.arrow'];
const onnx = ['--engine', 'onnx', '--device', 'cpu', '--threads', '1'];
const train = [
  ...['train', '$input/data.arrow', '--output', 'out', '--model', '$input/config'],
  ...[...onnx, '--batch-size', '4', '--seed', '3', '-q'],
];
/** A run's folder is there from the first step on; each of its checkpoints is whole or not there. */
const trained = {
  target: 'out/model.safetensors',
  ignored: ['report.html', 'events.out'],
  needsRun: true,
  isSlow: true,
};

/** @type {Record<string, Scenario>} */
export const scenarios = {
  'preprocess to a file': {
    args: [...preprocess, 'out.arrow', ...tokenizer],
    goOn: ['--resume'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
  },
  'preprocess in a thread': {
    args: ['preprocess', '$input/long', 'out.arrow', '--eval-fraction', '0.3', ...tokenizer],
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
    args: ['merge', ...parts, 'out.arrow'],
    goOn: ['--overwrite'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
  },
  'merge over a folder': {
    before: ['preprocess $input/corpus out --sequence-length 8 --eval-fraction 0.2'],
    args: ['merge', ...parts, 'out', '--overwrite'],
    goOn: [],
    target: 'out',
  },
  'merge over a file': {
    before: ['preprocess $input/corpus out.arrow --sequence-length 8 --eval-fraction 0.2'],
    args: ['merge', ...parts, 'out.arrow', '--overwrite'],
    goOn: [],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
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
  'inspect over a page': {
    before: ['inspect $input/other.arrow --html page.html'],
    args: ['inspect', '$input/data.arrow', '--html', 'page.html'],
    goOn: [],
    target: 'page.html',
  },
  'compare over a page': {
    before: ['compare $input/older --output page.html'],
    args: ['compare', '$input/run', '$input/older', '--output', 'page.html', '--overwrite'],
    goOn: [],
    target: 'page.html',
    needsRun: true,
  },
  'fill with an empty cache': {
    args: ['fill', '$input/run', 'the [MASK] left at dawn', '--json', ...onnx],
    goOn: [],
    answers: true,
    hasOwnCache: true,
    needsRun: true,
  },
  'eval with an empty cache': {
    args: ['eval', '$input/data.arrow', '--model', '$input/run', '--json', ...onnx],
    goOn: [],
    answers: true,
    hasOwnCache: true,
    needsRun: true,
  },
  export: {
    args: ['export', '$input/run', 'out'],
    goOn: ['--overwrite'],
    target: 'out',
    needsRun: true,
    isSlow: true,
  },
  'export over a folder': {
    before: ['export $input/older out'],
    args: ['export', '$input/run', 'out', '--overwrite'],
    goOn: [],
    target: 'out',
    needsRun: true,
    isSlow: true,
  },
  train: {
    args: [...train, '--max-steps', '6', '--save-every', '2', '--eval-every', '2', '--keep', '2'],
    goOn: ['--resume'],
    ...trained,
  },
  'train over a run': {
    before: [
      'train $input/data.arrow --model $input/config --output out --engine onnx --max-steps 2 --seed 9 -q',
    ],
    args: [...train, '--max-steps', '2', '--eval-every', '0', '--overwrite'],
    goOn: ['--resume'],
    ...trained,
  },

  'preprocess, reading': {
    args: [...preprocess, 'out.arrow', ...tokenizer],
    goOn: ['--resume'],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
    reads: true,
  },
  'merge, reading': {
    args: ['merge', ...parts, 'out.arrow'],
    goOn: [],
    target: 'out.arrow',
    companions: ['out.eval.arrow'],
    reads: true,
  },
  'vocab, reading': {
    args: ['vocab', '$input/corpus', '--size', '200', '--output', 'out', '-q'],
    goOn: [],
    target: 'out',
    reads: true,
  },
  'inspect, reading': { args: ['inspect', '$input/folder', '--json'], goOn: [], answers: true, reads: true },
  'verify, reading': { args: ['verify', '$input/folder', '--json'], goOn: [], answers: true, reads: true },
  'eval, reading': {
    args: ['eval', '$input/data.arrow', '--model', '$input/run', '--json', ...onnx],
    goOn: [],
    answers: true,
    reads: true,
    needsRun: true,
  },
  'fill, reading': {
    args: ['fill', '$input/run', 'the [MASK] left at dawn', '--json', ...onnx],
    goOn: [],
    answers: true,
    reads: true,
    needsRun: true,
  },
  'compare, reading': {
    args: ['compare', '$input/run', '$input/older', '--output', 'page.html'],
    goOn: [],
    target: 'page.html',
    reads: true,
    needsRun: true,
  },
  'export, reading': {
    args: ['export', '$input/run', 'out', '--dtype', 'fp32'],
    goOn: [],
    target: 'out',
    reads: true,
    needsRun: true,
  },
  'train, reading': {
    args: [...train, '--max-steps', '2', '--eval-every', '1'],
    goOn: ['--overwrite'],
    ...trained,
    reads: true,
  },
};
