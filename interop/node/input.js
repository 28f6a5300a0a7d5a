// Writes input of every kind into the folder that is named, the same each time.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const folder = process.argv[2];
const put = (name, content) => writeFileSync(join(folder, name), content);

const texts = Array.from(
  { length: 400 },
  (_, i) => `Paragraph ${i} of naïve text, 東京 ${'and some more words '.repeat(i % 17)}\u{1f600}.`,
);
const text = texts.join('\n\n');
const records = (from, to) =>
  texts
    .slice(from, to)
    .map((body, id) => `${JSON.stringify({ id, body })}\n`)
    .join('');

put('plain.txt', text);
put('ends.txt', texts.join('\r\n\r\n').replaceAll('more', 'more\u2028\u0085\f'));
put('broken.txt', Buffer.concat([Buffer.from(text), Buffer.from([0xff, 0xc3, 0x0a]), Buffer.from(text)]));
put('records.jsonl', records(0, 400));
put('records.jsonl.gz', Buffer.concat([gzipSync(records(0, 200)), gzipSync(records(200, 400))]));
// Two frames, as pzstd and `cat a.zst b.zst` write them: Node's own decoder ends after the first.
const frame = readFileSync(new URL('../../packages/tokenize/fixtures/sources/text.txt.zst', import.meta.url));
put('two-frames.txt.zst', Buffer.concat([frame, frame]));
