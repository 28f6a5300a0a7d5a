import { choice, type Given } from '@mlm/base/options';
import type { maskingOptions } from '@mlm/masking/options';
import type { preprocessOptions } from '@mlm/tokenize/options';
import type { trainOptions } from '@mlm/train/options';

/** Defaults that replace those of commands. */
interface Recipe {
  preprocess: Given<typeof preprocessOptions> & Given<typeof maskingOptions>;
  train: Given<typeof trainOptions>;
}

/** The defaults of other programs, by name. */
export const recipes = {
  /**
   * transformers' run_mlm.py: the defaults of the script, its DataCollatorForLanguageModeling and TrainingArguments,
   * for a model with 512 positions. There, each line of a text file is a document.
   */
  run_mlm: {
    preprocess: {
      sequenceLength: 512,
      document: 'line',
      lineByLine: false,
      evalFraction: 0.05,
      probability: 0.15,
      select: 'token',
      replace: 'bert',
      seed: 42,
    },
    train: {
      batchSize: 8,
      gradientAccumulation: 1,
      epochs: 3,
      learningRate: 5e-5,
      schedule: 'linear',
      warmup: 0,
      weightDecay: 0,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      clipNorm: 1,
      masking: 'dynamic',
      seed: 42,
    },
  },
} satisfies Record<string, Recipe>;

/** `--recipe`, for the commands to which recipes apply. */
export const recipe = choice(Object.keys(recipes) as (keyof typeof recipes)[], {
  value: 'name',
  help: 'run_mlm: the defaults of transformers’ run_mlm.py instead of mlm’s own; other options override them',
});

/** The chosen recipe's settings for a command; empty without a recipe. */
export function recipeSettings(command: string, chosen: unknown): Record<string, unknown> {
  const named: Partial<Record<string, Partial<Record<string, object>>>> = recipes;
  return { ...named[String(chosen)]?.[command] };
}
