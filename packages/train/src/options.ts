import {
  choice,
  defaultsOf,
  flag,
  options,
  path,
  real,
  shareOrWhole,
  text,
  whole,
  wholeOrAuto,
} from '@mlm/base/options';
import { dynamicOptions } from '@mlm/masking/options';
import { scheduleNames } from './optimizer/schedule.js';

/** What runs a model, and where. */
export const engineOptions = options({
  engine: choice(['onnx', 'xla', 'tensorflow', 'eager'], {
    default: 'onnx',
    value: 'name',
    help: 'what runs the model',
  }),
  device: choice(['cpu', 'webgpu', 'cuda', 'rocm', 'tpu'], {
    default: 'cpu',
    value: 'name',
    help: 'where it runs; rocm and tpu are untested',
  }),
  precision: choice(['fp32', 'tf32', 'bf16'], {
    default: 'fp32',
    value: 'type',
    help: 'tf32 (NVIDIA GPUs) or bf16: matrix products; weights stay fp32',
  }),
  xla: flag({ help: 'tensorflow compiles the graph with XLA, anew for each of a few shapes' }),
  devices: whole({
    default: 1,
    from: 1,
    to: 1024,
    decides: false,
    help: 'devices that share the rows of a batch (xla)',
  }),
  threads: whole({
    default: 0,
    to: 1024,
    shown: 'one per core',
    decides: false,
    help: 'threads of the engine',
  }),
});

/** The version of a model on the hub. */
const revisionOptions = options({
  revision: text({
    value: 'name',
    shown: 'main',
    decides: false,
    help: 'the branch, tag or commit of a model from the hub',
  }),
});

/** The options of `train`. */
export const trainOptions = options({
  model: text({
    default: 'bert-mini',
    value: 'name',
    help: 'a new model (bert-tiny to -large, roberta-base, modernbert-base …), a checkpoint folder or a hub id',
  }),
  ...revisionOptions,
  output: path({
    value: 'folder',
    shown: '<dataset>-<model>/',
    decides: false,
    help: 'where the checkpoint goes',
  }),
  epochs: whole({
    default: 1,
    from: 1,
    decides: { through: 'total-steps' },
    help: 'passes over the dataset',
  }),
  maxSteps: whole({
    default: 0,
    shown: 'epochs decide',
    decides: { through: 'total-steps' },
    help: 'stop after this many optimizer steps',
  }),
  batchSize: wholeOrAuto({
    default: 32,
    from: 1,
    value: 'rows',
    help: 'rows in a batch; auto: 32, in micro-batches that fit into memory',
  }),
  microBatchSize: wholeOrAuto({
    default: 0,
    value: 'rows',
    shown: 'the batch',
    decides: { through: 'micro-batch-size' },
    help: 'rows computed at once; auto: as many as fit into memory',
  }),
  gradientAccumulation: whole({
    default: 1,
    from: 1,
    help: 'batches in an optimizer step',
  }),
  learningRate: real({
    default: 1e-4,
    value: 'rate',
    help: 'the highest learning rate',
  }),
  warmup: shareOrWhole({
    default: 0.06,
    value: 'share',
    decides: { through: 'warmup-steps' },
    help: 'warm-up: a share of the steps below 1, else a number of steps',
  }),
  schedule: choice(scheduleNames, {
    default: 'linear',
    value: 'name',
    help: 'the learning rate after the warm-up',
  }),
  decay: shareOrWhole({
    default: 0.1,
    value: 'share',
    decides: { through: 'decay-steps' },
    requires: { option: 'schedule', value: 'warmup-stable-decay' },
    help: 'the final decay of warmup-stable-decay: a share or a number of steps',
  }),
  weightDecay: real({
    default: 0.01,
    value: 'rate',
    help: 'AdamW’s weight decay, none on bias and LayerNorm',
  }),
  beta1: real({ default: 0.9, below: 1, help: 'AdamW’s decay of the mean of gradients' }),
  beta2: real({ default: 0.999, below: 1, help: 'AdamW’s decay of the mean of squared gradients' }),
  epsilon: real({ default: 1e-8, help: 'AdamW’s term that keeps it from dividing by 0' }),
  clipNorm: real({
    default: 1,
    value: 'norm',
    help: 'clip the global gradient norm; 0 leaves it',
  }),
  dropout: real({
    below: 1,
    value: 'p',
    shown: 'the model’s own',
    decides: { through: 'hidden_dropout_prob' },
    help: 'dropout',
  }),
  masking: choice(['static', 'dynamic'], {
    default: 'static',
    value: 'kind',
    help: 'the dataset’s own masks, or new ones each epoch',
  }),
  ...dynamicOptions,
  freezeLayers: whole({
    default: 0,
    flag: 'freeze',
    value: 'layers',
    help: 'the lowest encoder layers that stay as they are, with the embeddings',
  }),
  gradientCheckpointing: flag({
    help: 'compute each layer again for its gradients: less memory, more time',
  }),
  evalEvery: whole({
    default: 0,
    value: 'steps',
    shown: 'at the end',
    decides: false,
    help: 'validation loss every so many steps',
  }),
  evalAtStart: flag({ decides: false, help: 'validation loss before the first step as well' }),
  patience: whole({
    default: 0,
    flag: 'early-stop',
    shown: 'never',
    decides: false,
    requires: 'evalEvery',
    help: 'stop after n validations without a better loss',
  }),
  saveEvery: whole({
    default: 0,
    value: 'steps',
    shown: 'at the end',
    decides: false,
    help: 'save a checkpoint every so many steps',
  }),
  keep: whole({
    default: 2,
    decides: false,
    help: 'how many saved checkpoints stay; 0 keeps all',
  }),
  seed: whole({ default: 42, help: 'the seed of weights, order and dropout' }),
  loaderThreads: whole({
    default: 1,
    flag: false,
    decides: false,
    help: 'threads that assemble batches ahead; 0 does it in the main thread',
  }),
  overwrite: flag({ decides: false, help: 'replace an existing output' }),
  resume: flag({
    decides: false,
    excludes: 'overwrite',
    help: 'go on from the last saved state in the output',
  }),
  acceptInexact: flag({
    decides: false,
    requires: 'resume',
    help: 'resume a run although an earlier version could lose gradients in it',
  }),
  takeOver: flag({
    decides: false,
    help: 'take over the output from a process on another machine that seems to be writing it',
  }),
  ...engineOptions,
});

/** The options of `evaluate`. */
export const evaluateOptions = options({
  batchSize: whole({ default: 32, from: 1, value: 'rows', help: 'rows in a batch' }),
  ...revisionOptions,
  ...engineOptions,
});

/** The options of `exportOnnx`. */
export const exportOptions = options({
  dtype: text({
    default: 'fp32,q8',
    value: 'list',
    help: 'files to write: fp32, fp16, q8, q4, with commas; transformers.js takes q8 in a browser, fp32 in Node',
  }),
  dataset: path({
    help: 'masked rows to tell each file’s accuracy on; its validation rows where there are any',
  }),
  ...revisionOptions,
  overwrite: flag({ help: 'replace an existing output' }),
  takeOver: flag({
    help: 'take over the output from a process on another machine that seems to be writing it',
  }),
});

/** The options of `MaskFiller.open` and its `fill`. */
export const fillOptions = options({
  topK: whole({ default: 5, from: 1, to: 1000, help: 'answers for each mask' }),
  ...revisionOptions,
  ...engineOptions,
});

/** The default engine: onnxruntime on the CPU. */
export const engineDefaults = defaultsOf(engineOptions);

/** The defaults of `train`. */
export const trainDefaults = { ...defaultsOf(trainOptions), batchSize: 32 };

/** The defaults of `evaluate`. */
export const evaluateDefaults = defaultsOf(evaluateOptions);
