import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { maskingDefaults, maskingRule, maskStage } from '@mlm/masking';
import { loadTokenizer, preprocess } from '@mlm/tokenize';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readCheckpoint } from '../checkpoint/checkpoint.js';
import { exportOnnx } from '../export/onnx.js';
import { train } from '../loop/train.js';
import { modelTypes, presetModel } from '../models/index.js';
import { initializeWeights } from '../models/initialize.js';
import { isFrozen } from '../models/model.js';
import { temporaryFolder } from '../testing/dataset.fixture.js';
import { evaluate } from './evaluate.js';
import { MaskFiller } from './fill.js';

/** Tokenizers as the families have them, with small vocabularies; by default a WordPiece one of the words of the text. */
const fixture = (name: string) =>
  fileURLToPath(new URL(`../../../tokenize/fixtures/${name}`, import.meta.url));
const cases: { preset: string; tokenizer?: string; mask?: string; word?: string }[] = [
  { preset: 'bert-tiny' },
  { preset: 'roberta-tiny', tokenizer: 'pipeline/roberta.json', mask: '<mask>', word: 'Ġheaven' },
  { preset: 'xlm-roberta-tiny', tokenizer: 'native/xlm-r.json', mask: '<mask>', word: '▁heaven' },
  { preset: 'camembert-tiny', tokenizer: 'native/camembert.json', mask: '<mask>', word: '▁heaven' },
  { preset: 'distilbert-tiny' },
  { preset: 'modernbert-tiny', tokenizer: 'native/modernbert.json', word: 'Ġheaven' },
  { preset: 'electra-tiny-generator' },
  { preset: 'albert-tiny', tokenizer: 'native/albert-v2.json', word: '▁heaven' },
  // Tokenizers of another kind, whose padding has an id that the family is not used to.
  { preset: 'roberta-tiny' },
  { preset: 'bert-tiny', tokenizer: 'pipeline/roberta.json', mask: '<mask>', word: 'Ġheaven' },
];

const folder = await temporaryFolder();
const text = folder.file('text.txt');
const sentences = ['And God called the sky heaven.', 'And the earth was without form, and void.'];
const wordPiece = folder.file('vocab.txt');
const words = 'and god called the sky heaven earth was without form void . ,'.split(' ');
beforeAll(async () => {
  await writeFile(wordPiece, ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words, ''].join('\n'));
  await writeFile(text, sentences.map((sentence) => `${sentence}\n\n`.repeat(40)).join(''));
});
afterAll(() => folder.remove());

it('every family is among them', () => {
  const types = cases.map(({ preset }) => presetModel(preset, 100).type);
  expect(new Set(types)).toEqual(new Set(modelTypes));
});

it.each(cases)(
  '$preset with tokenizer $tokenizer trains above its frozen layers, and is scored, fills masks in words and is exported',
  async ({ preset, tokenizer: file, mask = '[MASK]', word = 'heaven' }) => {
    const tokenizer = await loadTokenizer(file ? fixture(file) : wordPiece);
    const name = `${preset}-${file?.replace(/\W/g, '-')}`;
    const [dataset, output] = [folder.file(`${name}.arrow`), folder.file(name)];
    const stages = [maskStage(maskingRule(tokenizer, maskingDefaults))];
    const cut = { sequenceLength: 24, lineByLine: true, evalFraction: 0.1, workers: 1 };
    await preprocess({ inputs: [text], output: dataset, tokenizer, stages, ...cut });
    const losses: number[] = [];
    const steps = {
      maxSteps: 12,
      batchSize: 4,
      learningRate: 3e-3,
      warmup: 0,
      dropout: 0,
      freezeLayers: 1,
    };
    for await (const event of train({ dataset, model: preset, output, ...steps }))
      if (event.type === 'step') losses.push(event.loss);

    const { specialIds, vocabularySize } = tokenizer;
    const { model, weights, tokenizerFiles } = await readCheckpoint(output);
    expect(model.config).toMatchObject({ vocab_size: vocabularySize, pad_token_id: specialIds.pad });
    expect(model.limits.positions).toBeGreaterThanOrEqual(512);
    expect(Object.keys(tokenizerFiles)).not.toEqual([]);
    const first = initializeWeights(presetModel(preset, vocabularySize, specialIds), 42);
    for (const parameter of model.parameters) {
      const isEqual = Buffer.from(weights.get(parameter.name)!.buffer).equals(
        Buffer.from(first.get(parameter.name)!.buffer),
      );
      expect(isEqual, parameter.name).toBe(isFrozen(parameter, 1));
    }

    const { loss, split } = await evaluate({ dataset, model: output });
    expect(split).toBe('validation');
    expect(loss).toBeLessThan(losses[0]! - 0.3);

    const filler = await MaskFiller.open(output);
    const [one] = await filler.fill('God called the sky [MASK].', vocabularySize);
    expect(await filler.fill(`God called the sky ${mask}.`, vocabularySize)).toEqual([one]);
    await filler.dispose();
    const heaven = one!.answers.find(({ id }) => tokenizer.idToToken(id) === word)!;
    expect(heaven).toMatchObject({
      token: 'heaven',
      sequence: expect.stringMatching(/god called the sky heaven ?\.$/i),
    });
    expect(one!.answers.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 2);

    const web = folder.file(`${name}-web`);
    const { models } = await exportOnnx(output, web, { dataset: evaluationOf(dataset) });
    expect(await readdir(join(web, 'onnx'))).toEqual(['model.onnx', 'model_quantized.onnx']);
    expect(models[0]!.accuracy).toBeCloseTo((await evaluate({ dataset, model: output })).accuracy, 6);
    expect(await readdir(web)).toEqual(expect.arrayContaining(['config.json', 'tokenizer.json']));
  },
);

const evaluationOf = (dataset: string) => dataset.replace(/\.arrow$/, '.eval.arrow');
