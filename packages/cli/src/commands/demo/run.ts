import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { makeFolders } from '@mlm/base';
import { maskingDefaults, maskingRule, maskStage } from '@mlm/masking';
import { loadTokenizer, type Tokenizer, textFiles, trainVocabulary, unitTexts } from '@mlm/tokenize';
import { train, unigramLoss } from '@mlm/train';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { formatCount, formatDuration, formatShare } from '../../output/numbers.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { Style } from '../../output/style.js';
import { preprocessWithProgress } from '../preprocess/run.js';
import { followTraining } from '../train/follow.js';
import type { DemoSettings } from './command.js';
import { predictWords, type WordPrediction } from './predict.js';
import { recipe } from './recipe.js';

export async function runDemo(context: Context, options: DemoSettings): Promise<void> {
  const start = performance.now();
  const { sequenceLength, evalFraction, maskProbability } = recipe.preprocess;
  const say = (line: string) => options.quiet || context.stderr.write(`${line}\n`);
  const files = {
    text: relative('.', recipe.corpus),
    tokenizer: join(options.output, 'tokenizer'),
    dataset: join(options.output, 'bible.arrow'),
    heldOut: join(options.output, 'bible.eval.arrow'),
    checkpoint: join(options.output, 'checkpoint'),
  };

  say(
    `1  A vocabulary of ${formatCount(recipe.vocabularySize)} pieces from the King James Bible (${files.text})`,
  );
  const tokenizer = await makeTokenizer(files.tokenizer);
  say(
    `2  Rows of ${sequenceLength} tokens, ${maskProbability * 100} % of them masked; ${evalFraction * 100} % of the chapters for validation`,
  );
  const { report } = await preprocessWithProgress(
    context,
    preprocessRequest(tokenizer, files.dataset),
    options,
  );
  say(`   ${formatCount(report.counts.rows)} rows, ${formatCount(report.counts.tokens)} tokens`);
  const baseline = await unigramLoss(files.dataset);
  say(`3  Training a BERT from scratch; the unigram baseline is ${baseline.toFixed(3)}`);
  const trained = await followTraining(
    context,
    train({
      ...recipe.train,
      maxSteps: options.maxSteps,
      dataset: files.dataset,
      output: files.checkpoint,
      seed: recipe.preprocess.seed,
      evalAtStart: true,
      evalEvery: Math.ceil(options.maxSteps / 4),
      overwrite: true,
      signal: context.signal,
    }),
    options,
  );
  context.signal.throwIfAborted();
  say('4  Asking the model');
  const predictions = await predictWords(files.heldOut, files.checkpoint, tokenizer, 8, {});

  const [first, last] = [trained.evaluations[0]!, trained.evaluations.at(-1)!];
  const result = {
    unigram_loss: baseline,
    start_loss: first.loss,
    end_loss: last.loss,
    end_accuracy: last.accuracy,
    beats_baseline: last.loss < baseline,
    steps: trained.step,
    predictions,
    files,
    seconds: (performance.now() - start) / 1000,
  };
  printResult(context, options, result, (style) => describe(result, commandName(context.env), style));
}

async function makeTokenizer(folder: string): Promise<Tokenizer> {
  const texts = unitTexts(textFiles([recipe.corpus]));
  const { files } = await trainVocabulary(texts, { size: recipe.vocabularySize });
  await makeFolders(folder);
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return loadTokenizer(folder);
}

function preprocessRequest(tokenizer: Tokenizer, output: string) {
  const { maskProbability: probability, ...cut } = recipe.preprocess;
  const settings = { ...maskingDefaults, probability, seed: cut.seed };
  return {
    ...cut,
    inputs: [recipe.corpus],
    output,
    tokenizer,
    stages: [maskStage(maskingRule(tokenizer, settings))],
    overwrite: true,
  };
}

interface DemoResult {
  unigram_loss: number;
  start_loss: number;
  end_loss: number;
  end_accuracy: number;
  beats_baseline: boolean;
  steps: number;
  predictions: WordPrediction[];
  files: { text: string; tokenizer: string; dataset: string; heldOut: string; checkpoint: string };
  seconds: number;
}

function describe(result: DemoResult, mlm: string, style: Style): string[] {
  const { files } = result;
  const { checkpoint } = files;
  const verdict = result.beats_baseline
    ? style('green', 'below the baseline: it has learned from context')
    : style('red', 'not below the baseline: it has learned no more than the frequency of words');
  return [
    '',
    style('bold', 'Validation loss (nats per masked token)'),
    ...alignColumns(
      [
        ['  before training', result.start_loss.toFixed(3)],
        ['  unigram baseline', result.unigram_loss.toFixed(3), 'guessing by the frequency of words alone'],
        ['  after training', result.end_loss.toFixed(3), verdict],
      ],
      [1],
    ),
    `  right at the first guess: ${formatShare(result.end_accuracy)} of the masked tokens`,
    '',
    style('bold', 'Validation rows, one word masked in each, and the first guesses'),
    ...result.predictions.flatMap(({ text, answer, predictions, isRight }) => [
      `  ${text}`,
      `    ${isRight ? style('green', 'right') : style('yellow', 'wrong')}, it is “${answer}”: ` +
        predictions
          .map(({ token, probability }) => `${token} ${(probability * 100).toFixed(0)} %`)
          .join(', '),
    ]),
    '',
    style('bold', 'Where everything is'),
    ...alignColumns([
      ['  text', files.text],
      ['  tokenizer', `${files.tokenizer}/`],
      ['  training rows', files.dataset],
      ['  validation rows', files.heldOut],
      ['  checkpoint', `${checkpoint}/`, 'opens in Python: BertForMaskedLM.from_pretrained'],
    ]),
    '',
    style('bold', 'Try next'),
    `  ${mlm} fill ${checkpoint} "And the [MASK] of the Lord came unto me."`,
    `  ${mlm} inspect ${files.dataset}`,
    `  ${mlm} preprocess <your folder of text> out.arrow`,
    '',
    `Done in ${formatDuration(result.seconds)}.`,
  ];
}
