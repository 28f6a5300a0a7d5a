// The steps as Node streams: text → token ids → masked rows → an Arrow file; then a BERT trained on it, and asked.
// Texts that the program has in memory, or fetches, come from `texts([…])` in place of `textFiles([…])`.
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { arrowFile } from '@mlm/arrow';
import { mask, maskingDefaults, maskingRule } from '@mlm/masking';
import { loadTokenizer, textFiles, tokenize } from '@mlm/tokenize';
import { MaskFiller, train } from '@mlm/train';

/** Preprocesses the texts, trains a small BERT on them, and returns its best answers for the [MASK] of a sentence. */
export async function learnAndAsk(texts: string, folder: string, steps: number, sentence: string) {
  const tokenizer = await loadTokenizer();
  const rule = maskingRule(tokenizer, { ...maskingDefaults, seed: 42 });

  const dataset = join(folder, 'out.arrow');
  const tokens = tokenize({ tokenizer, sequenceLength: 32 });
  await pipeline(textFiles([texts]), tokens, mask(rule), arrowFile(dataset));

  const output = join(folder, 'checkpoint');
  const losses: number[] = [];
  for await (const event of train({
    dataset,
    output,
    model: 'bert-tiny',
    maxSteps: steps,
    learningRate: 1e-3,
  }))
    if (event.type === 'step') losses.push(event.loss);

  const filler = await MaskFiller.open(output);
  const [found] = await filler.fill(sentence, 3);
  await filler.dispose();
  return { losses, answers: found.answers.map(({ token }) => token) };
}
