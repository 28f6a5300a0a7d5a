import { expect, test } from 'vitest';
import { presetModel } from '../models/index.js';
import { parseDtypes, storageOf } from './dtypes.js';

test('parses a list of dtypes without duplicates, and refuses other names', () => {
  expect(parseDtypes('fp32, q8,fp32')).toEqual(['fp32', 'q8']);
  expect(() => parseDtypes('fp32,int8')).toThrow(
    'dtype has "int8", expected fp32, fp16, q8, q4, separated by commas',
  );
  expect(() => parseDtypes('')).toThrow('dtype has ""');
});

test('q4 keeps embeddings in 8 bits and leaves vectors as they are', () => {
  const storage = storageOf(presetModel('bert-tiny', 100), 'q4');
  expect(storage.get('bert.embeddings.word_embeddings.weight')).toBe('int8');
  expect(storage.get('bert.encoder.layer.0.attention.self.query.weight')).toBe('int4');
  expect(storage.has('bert.encoder.layer.0.attention.self.query.bias')).toBe(false);
});
