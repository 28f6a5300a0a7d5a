import { path, whole } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';
import { recipe } from './recipe.js';

export const demo = defineCommand({
  name: 'demo',
  summary: 'preprocess bundled text, train on it and ask the model, in about two minutes',
  examples: [
    ['mlm demo'],
    ['mlm demo --output /tmp/mlm-demo --max-steps 100', 'just to see the steps; it learns little'],
  ],
  arguments: {},
  options: {
    output: path({
      default: 'demo',
      value: 'folder',
      help: 'the folder for the dataset and the checkpoint; an earlier demo there is replaced',
    }),
    maxSteps: whole({
      default: recipe.train.maxSteps,
      from: 1,
      help: 'stop training after this many steps',
    }),
    json: json('print the results as one JSON object'),
  },
});

export type DemoSettings = CommandSettings<typeof demo>;
