// One thread of our encoder on a text: a pass with a fresh encoder (cold), then the same pass again (warm).
// node tokenize-ours.js TEXT PASSES
import { readFileSync } from 'node:fs';
import { loadTokenizer } from '@mlm/tokenize';

const [text, passes] = process.argv.slice(2);
const bytes = readFileSync(/** @type {string} */ (text));
const encoder = (await loadTokenizer()).encoder();
const CHUNK = 4 << 20;

function encode() {
  let tokens = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = Math.min(start + CHUNK, bytes.length);
    if (end < bytes.length) end = bytes.lastIndexOf(10, end) + 1 || end;
    tokens += encoder.encode(bytes.subarray(start, end), { document: 'blank-line' }).ids.length;
    start = end;
  }
  return tokens;
}

let tokens = 0;
const seconds = [];
for (let pass = 0; pass < Number(passes); pass++) {
  const started = performance.now();
  tokens = encode();
  seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify({ tokens, seconds }));
