// Writes the report of a short run and looks for what it must hold.
import assert from 'node:assert/strict';
import { reportPage } from '@mlm/pages';

const page = reportPage({
  name: 'first run',
  status: 'finished',
  facts: { model: 'bert-mini' },
  steps: [{ step: 1, loss: 7, learning_rate: 1e-4, tokens_per_second: 3e4 }],
  evaluations: [],
});
assert.match(page, /<h1>first run<\/h1>/);
assert.match(page, /bert-mini/);
