import { fileURLToPath } from 'node:url';
import { packageFile } from '../../options/package-file.js';

const bundled = (path: string) => fileURLToPath(packageFile(`demo/${path}`));

/**
 * The demo's settings, found by experiment, with which a BERT trained from scratch learns from context within two
 * minutes on two cores (demo/README.md has the figures): rows so short that a neighbour is most of the context, and
 * initial weights as wide as a hidden size of 128 needs.
 */
export const recipe = {
  corpus: bundled('corpus'),
  vocabularySize: 2048,
  preprocess: { sequenceLength: 16, evalFraction: 0.05, maskProbability: 0.15, seed: 42 },
  train: {
    /** A folder with only a config.json, so the model is trained from scratch. */
    model: bundled('model'),
    batchSize: 64,
    learningRate: 1e-3,
    maxSteps: 4000,
    masking: 'dynamic',
  },
} as const;
