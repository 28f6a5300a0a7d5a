import { vocabularyHashes } from '@mlm/tokenize/vocabulary';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { train } from '../loop/train.js';
import { evaluate } from '../predict/evaluate.js';
import { temporaryFolder, tokenizerOf, writeDataset } from '../testing/dataset.fixture.js';
import { writeTinyModel } from '../testing/model.fixture.js';
import { refuseOtherTokenizer } from './tokenizer.js';

const folder = await temporaryFolder();
const dataset = folder.file('rows.arrow');
beforeAll(() => writeDataset(dataset, { rowsPerUnit: [8], sequenceLength: 12 }));
afterAll(() => folder.remove());

const own = tokenizerOf(37);
const lines = own.files['vocab.txt'].trimEnd().split('\n');
const jsonOf = (tokens: readonly string[]) =>
  JSON.stringify({ model: { vocab: Object.fromEntries(tokens.map((token, id) => [token, id])) } });
const vocabularyOf = (tokens: readonly string[]) => tokens.map((token) => `${token}\n`).join('');

const evaluation = (model: string) => evaluate({ dataset, model, batchSize: 8, threads: 1 });

async function training(model: string): Promise<void> {
  const output = `${model}-trained`;
  for await (const _ of train({ dataset, model, output, maxSteps: 1, batchSize: 8, threads: 1 }));
}

describe('a checkpoint with another tokenizer than the dataset', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    [
      'in another order',
      { 'tokenizer.json': jsonOf(lines.toReversed()) },
      /rows\.arrow: its tokenizer test \(37 ids, sha256 [0-9a-f]{12}…\) is not the model's, .*order\/tokenizer\.json \(sha256 [0-9a-f]{12}…\); preprocess with the model's tokenizer$/,
    ],
    ['larger', { 'vocab.txt': vocabularyOf([...lines, 'more']) }, /is not the model's, .*larger\/vocab\.txt/],
  ])('is refused: %s', async (name, files, message) => {
    const model = folder.file(name);
    await writeTinyModel(model, {}, files);
    await expect(evaluation(model)).rejects.toThrow(message);
    await expect(training(model)).rejects.toThrow(message);
  });

  it.each<[string, Record<string, string>]>([
    ['none', {}],
    ['unreadable', { 'tokenizer.json': '{' }],
    ['the same as vocab.txt', own.files],
    ['the same as tokenizer.json', { 'tokenizer.json': jsonOf(lines) }],
    [
      'a tokenizer.json that leaves out a double of vocab.txt',
      { ...own.files, 'tokenizer.json': jsonOf(['', ...lines.slice(1)]) },
    ],
  ])('is not found in one with %s', (_, files) => {
    expect(() => refuseOtherTokenizer(dataset, own, 'model', files)).not.toThrow();
  });
});

describe('the hash of a vocabulary', () => {
  it('does not depend on line endings, and names missing ids', () => {
    const hashes = vocabularyHashes({
      'vocab.txt': 'a\r\nb\r\n[no token 2]\r\nd\r\n',
      'tokenizer.json': JSON.stringify({ model: { vocab: { d: 3, a: 0, b: 1 } } }),
    });
    expect(new Set(hashes.values()).size).toBe(1);
  });

  it('reads Unigram’s tokens in order', () => {
    const scored = { model: { type: 'Unigram', vocab: [...lines.keys()].map((id) => [lines[id], -id]) } };
    expect(vocabularyHashes({ 'tokenizer.json': JSON.stringify(scored) }).get('tokenizer.json')).toBe(
      own.sha256,
    );
  });
});
