import type { ScheduleName } from '@mlm/train';
import { scheduleNames, trainDefaults } from '@mlm/train/defaults';
import { type Command, Option } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { addEngineOptions, type EngineOptions } from '../../options/engine.js';
import { decimal, integer, integerOrAuto } from '../../options/parse.js';

export interface TrainOptions extends EngineOptions {
  model: string;
  output?: string;
  tokenizer?: string;
  epochs: number;
  maxSteps?: number;
  batchSize: number | 'auto';
  microBatchSize?: number | 'auto';
  gradientAccumulation: number;
  learningRate: number;
  warmup: number;
  schedule: ScheduleName;
  decay: number;
  weightDecay: number;
  clipNorm: number;
  dropout?: number;
  masking: 'static' | 'dynamic';
  saveEvery?: number;
  keep: number;
  evalEvery?: number;
  evalAtStart?: boolean;
  earlyStop?: number;
  freeze: number;
  seed: number;
  overwrite?: boolean;
  resume?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function trainCommand(context: Context): Command {
  const command = defineCommand('train', 'train BERT on a dataset', [
    ['mlm train out.arrow', 'bert-mini, one epoch, into out-bert-mini/'],
    ['mlm train out.arrow --model bert-base --epochs 3 --masking dynamic --precision bf16'],
    ['mlm train out.arrow --model my-checkpoint/ --learning-rate 5e-5', 'go on from a checkpoint'],
    ['mlm train out.arrow --resume', 'continue an interrupted run, to the same weights'],
  ])
    .argument('<dataset>', 'an .arrow file or a dataset folder')
    .option(
      '--model <name>',
      'bert-tiny, -mini, -small, -medium, -base, a checkpoint folder or a hub id',
      trainDefaults.model,
    )
    .option('--output <folder>', 'where the checkpoint goes (default: <dataset>-<model>/)')
    .option('--tokenizer <path>', 'the tokenizer of a dataset that does not bring its own')
    .option('--epochs <n>', 'passes over the dataset', integer(1), trainDefaults.epochs)
    .option('--max-steps <n>', 'stop after this many optimizer steps', integer(1))
    .option(
      '--batch-size <rows>',
      'rows in a batch; auto: 32, in micro-batches that fit the memory',
      integerOrAuto(1),
      trainDefaults.batchSize,
    )
    .option(
      '--micro-batch-size <rows>',
      'rows that are computed at once; auto: as many as fit the memory (default: the batch)',
      integerOrAuto(1),
    )
    .option(
      '--gradient-accumulation <n>',
      'batches in an optimizer step',
      integer(1),
      trainDefaults.gradientAccumulation,
    )
    .option('--learning-rate <rate>', 'the highest learning rate', decimal(0), trainDefaults.learningRate)
    .option(
      '--warmup <share>',
      'warm-up: a share of the steps below 1, else a number of steps',
      decimal(0),
      trainDefaults.warmup,
    )
    .addOption(
      new Option('--schedule <name>', 'the learning rate after the warm-up')
        .choices(scheduleNames)
        .default(trainDefaults.schedule),
    )
    .option(
      '--decay <share>',
      'the final decay of warmup-stable-decay: a share or a number of steps',
      decimal(0),
      trainDefaults.decay,
    )
    .option(
      '--weight-decay <rate>',
      'AdamW’s weight decay, none on bias and LayerNorm',
      decimal(0),
      trainDefaults.weightDecay,
    )
    .option(
      '--clip-norm <norm>',
      'clip the global gradient norm; 0 leaves it',
      decimal(0),
      trainDefaults.clipNorm,
    )
    .option('--dropout <p>', 'dropout (default: the model’s own)', decimal(0, 0.99))
    .addOption(
      new Option('--masking <kind>', 'the dataset’s own masks, or new ones each epoch')
        .choices(['static', 'dynamic'])
        .default(trainDefaults.masking),
    )
    .option(
      '--freeze <layers>',
      'the lowest encoder layers that stay as they are, with the embeddings',
      integer(0),
      trainDefaults.freezeLayers,
    )
    .option('--eval-every <steps>', 'held-out loss every so many steps (default: at the end)', integer(1))
    .option('--eval-at-start', 'held-out loss before the first step as well')
    .option('--early-stop <n>', 'stop after n held-out evaluations without a better loss', integer(1))
    .option('--save-every <steps>', 'save a checkpoint every so many steps', integer(1))
    .option('--keep <n>', 'how many saved checkpoints stay; 0 keeps all', integer(0), trainDefaults.keep)
    .option('--seed <n>', 'the seed of weights, order and dropout', integer(0), trainDefaults.seed)
    .option('--overwrite', 'replace an existing output')
    .option('--resume', 'go on from the last saved state in the output')
    .option('--json', 'print the result as one JSON object');
  return addEngineOptions(command).action(async (dataset: string, options: TrainOptions) => {
    const { runTrain } = await import('./run.js');
    await runTrain(context, dataset, options);
  });
}
