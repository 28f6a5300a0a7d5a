// Wrote corpus/ from the King James text that Debian's package bible-kjv prints. To repeat it, on Debian:
//   apt-get install bible-kjv && bible gen1:1-rev22:21 | node packages/cli/demo/make-corpus.js
// One file a book, a verse a line, a blank line after each chapter (which ends a document).
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const corpus = new URL('corpus/', import.meta.url);
/** @type {Map<string, string[][]>} book to chapters to verses */
const books = new Map();
/** @type {string[]} */
let verses = [];

for (const line of readFileSync(0, 'utf8').split('\n')) {
  const heading = /^((?:[1-3] )?[A-Z][A-Za-z ]*?) \d+$/.exec(line);
  const verse = /^ +\d+ (.*)$/.exec(line);
  if (heading) {
    verses = [];
    books.set(heading[1], [...(books.get(heading[1]) ?? []), verses]);
  } else if (verse) verses.push(verse[1].trim());
  else if (line.trim()) verses[verses.length - 1] += ` ${line.trim()}`;
}

mkdirSync(corpus, { recursive: true });
let number = 0;
for (const [book, chapters] of books) {
  const name = `${String(++number).padStart(2, '0')}-${book.toLowerCase().replaceAll(' ', '-')}.txt`;
  writeFileSync(new URL(name, corpus), chapters.map((chapter) => `${chapter.join('\n')}\n`).join('\n'));
}
