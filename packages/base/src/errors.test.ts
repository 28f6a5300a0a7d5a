import { expect, test } from 'vitest';
import { call, InputError, mention, messageText, say } from './errors.js';

test('a message names options and functions as callers of the library write them', () => {
  const parts = say`out exists: use ${mention('overwrite')}, ${mention('workers', 2)} or ${call('setUp', { gpu: true })}`;
  expect(new InputError(parts).message).toBe('out exists: use overwrite, workers: 2 or setUp({ gpu: true })');
});

test('another program can spell them differently, even after a structured clone', () => {
  const parts = structuredClone(say`use ${mention('overwrite')} or ${call('preprocess')}; ${3} rows`);
  const text = messageText(parts, (named) => ('option' in named ? `--${named.option}` : `mlm ${named.call}`));
  expect(text).toBe('use --overwrite or mlm preprocess; 3 rows');
});

test('a message is one line of bounded length, whatever it quotes', () => {
  expect(new InputError('a\nb\u0000: no such file').message).toBe('a\\nb\\u0000: no such file');
  expect(messageText(say`${'x'.repeat(5000)}: is too long; use ${mention('limit')}`)).toMatch(
    /^x+ … x+: is too long; use limit$/,
  );
});

test('an AggregateError of two InputErrors is not an InputError', () => {
  const both = Object.assign(new AggregateError([new InputError('a'), new InputError('b')], 'a'), {
    code: new InputError('a').code,
  });
  expect(both).not.toBeInstanceOf(InputError);
});
