import { Random } from '../random/random.js';
import type { BertConfig } from './config.js';
import { elementCount, parameterShapes, type Weights } from './parameters.js';

/**
 * Fresh weights as BERT starts: linear and embedding weights normal with deviation `initializer_range`, LayerNorm 1,
 * biases 0, the padding id's embedding 0. A function of the seed and the parameter's place alone, so the same on
 * every engine.
 */
export function initializeWeights(config: BertConfig, seed: number): Weights {
  const weights: Weights = new Map();
  let index = 0;
  for (const [name, shape] of parameterShapes(config)) {
    const count = elementCount(shape);
    if (name.endsWith('.bias')) weights.set(name, new Float32Array(count));
    else if (name.includes('LayerNorm')) weights.set(name, new Float32Array(count).fill(1));
    else weights.set(name, new Random(seed, index).normals(count, config.initializer_range));
    index++;
  }
  const words = weights.get('bert.embeddings.word_embeddings.weight')!;
  const { pad_token_id: pad, hidden_size: hidden } = config;
  words.fill(0, pad * hidden, (pad + 1) * hidden);
  return weights;
}
