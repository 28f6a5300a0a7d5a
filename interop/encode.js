// Prints the ids of each text on standard input (its length as four bytes, then UTF-8), one JSON array a line.
// node encode.js TOKENIZER
import { readFileSync } from 'node:fs';
import { loadTokenizer } from '../packages/tokenize/dist/index.js';

const encoder = (await loadTokenizer(process.argv[2])).encoder();
const input = readFileSync(0);
const lines = [];
for (let at = 0; at < input.length; ) {
  const length = input.readUInt32LE(at);
  const { ids } = encoder.encode(input.subarray(at + 4, at + 4 + length), { document: 'none' });
  lines.push(JSON.stringify([...ids]));
  at += 4 + length;
}
process.stdout.write(`${lines.join('\n')}\n`);
