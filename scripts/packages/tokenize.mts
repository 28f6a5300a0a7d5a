// Encodes a text with the bundled tokenizer.
import assert from 'node:assert/strict';
import { loadTokenizer } from '@mlm/tokenize';

const tokenizer = await loadTokenizer();
const { ids } = tokenizer.encoder().encode(new TextEncoder().encode('Hello, world!'), { document: 'none' });
assert.deepEqual([...ids], [7592, 1010, 2088, 999]);
assert.equal(tokenizer.decode(ids).toLowerCase(), 'hello, world!');
