import { choice, type Given } from '@mlm/base/options';
import type { maskingOptions } from '@mlm/masking/options';
import type { preprocessOptions } from '@mlm/tokenize/options';
import type { trainOptions } from '@mlm/train/options';

/** Defaults that replace a command's own. */
interface Recipe {
  preprocess: Given<typeof preprocessOptions> & Given<typeof maskingOptions>;
  train: Given<typeof trainOptions>;
}

/** Recipes by name: the defaults of other programs. */
export const recipes = {
  /**
   * transformers' run_mlm.py: the defaults of the script, of its DataCollatorForLanguageModeling and of TrainingArguments, for
   * a tokenizer whose model has 512 positions. A line of a text file is a document there.
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

/** `--recipe`, of the commands that recipes say something about. */
export const recipe = choice(Object.keys(recipes) as (keyof typeof recipes)[], {
  value: 'name',
  help: 'run_mlm: the defaults of transformers’ run_mlm.py instead of those here; other options win over it',
});

/** What the chosen recipe says about a command's options; nothing where none was chosen. */
export function recipeSettings(command: string, chosen: unknown): Record<string, unknown> {
  const named: Partial<Record<string, Partial<Record<string, object>>>> = recipes;
  return { ...named[String(chosen)]?.[command] };
}
