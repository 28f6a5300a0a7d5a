// The last step of the build: sets the bundled tokenizer up and stores it, so that no run has to.
import { readFileSync } from 'node:fs';
import { storeTokenizer } from '../dist/tokenizer/bundled.js';
import { tokenizerFromDefinition } from '../dist/tokenizer/tokenizer.js';

const text = readFileSync(new URL('../vocabulary/bert-base-uncased.txt', import.meta.url), 'utf8');
storeTokenizer(tokenizerFromDefinition({ name: 'bert-base-uncased', files: { 'vocab.txt': text } }));
