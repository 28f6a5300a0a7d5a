// @huggingface/transformers' tokenizer on a text, a line at a time: a first pass (cold), then the same again (warm).
// node transformers-js.js TEXT TOKENIZER_JSON PASSES
import { readFileSync } from 'node:fs';
import { PreTrainedTokenizer } from '@huggingface/transformers';

const [text, tokenizerJson, passes] = /** @type {[string, string, string]} */ (process.argv.slice(2));
const tokenizer = new PreTrainedTokenizer(JSON.parse(readFileSync(tokenizerJson, 'utf8')), {});
const lines = readFileSync(text, 'utf8').split('\n').filter(Boolean);

let tokens = 0;
const seconds = [];
for (let pass = 0; pass < Number(passes); pass++) {
  const started = performance.now();
  tokens = 0;
  for (const line of lines) tokens += tokenizer.encode(line, { add_special_tokens: false }).length;
  seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify({ tokens, seconds }));
