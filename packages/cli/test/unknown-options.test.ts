import { loadTokenizer, preprocess, trainVocabulary } from '@mlm/tokenize';
import { evaluate, exportOnnx, MaskFiller, train } from '@mlm/train';
import { expect, test } from 'vitest';

const tokenizer = await loadTokenizer();
const given = { dataset: 'none.arrow', model: 'none' };

/** As plain JavaScript calls, whose names no compiler has seen. */
const calls: Record<string, [(name: object) => Promise<unknown>, string, string]> = {
  preprocess: [
    (more) => preprocess({ inputs: ['none'], output: 'out.arrow', tokenizer, ...more }),
    'sequenceLenght',
    'sequenceLength',
  ],
  train: [(more) => train({ ...given, ...more }).next(), 'learnigRate', 'learningRate'],
  evaluate: [(more) => evaluate({ ...given, ...more }), 'batchsize', 'batchSize'],
  exportOnnx: [(more) => exportOnnx('none', 'web', more), 'dtypes', 'dtype'],
  'MaskFiller.open': [(more) => MaskFiller.open('none', more), 'thread', 'threads'],
  trainVocabulary: [(more) => trainVocabulary([], more), 'minFreqency', 'minFrequency'],
};

test.each(Object.entries(calls))(
  '%s refuses an option it does not know, before anything else',
  async (_, call) => {
    const [run, wrong, right] = call;
    await expect(run({ [wrong]: 1 })).rejects.toThrow(`unknown option ${wrong}; did you mean ${right}?`);
    // Left undefined, it is not given: what is wrong is then what the call names.
    await expect(run({ [wrong]: undefined })).rejects.not.toThrow(/unknown option/);
  },
);
