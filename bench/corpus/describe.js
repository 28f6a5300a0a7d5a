import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** @typedef {{ name: string, file: string, bytes: number, sha256: string, words: number, distinctWords: number }} Corpus */

/**
 * Size, hash and words of a text; repeated text flatters caches, so the share of distinct words is part of any figure.
 * @param {string} file
 * @returns {Corpus}
 */
export function readCorpus(file) {
  const bytes = readFileSync(file);
  const distinct = new Set();
  let words = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.indexOf(10, Math.min(start + 4e6, bytes.length));
    if (end < 0) end = bytes.length;
    for (const word of bytes
      .toString('utf8', start, end)
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []) {
      words++;
      distinct.add(word);
    }
    start = end + 1;
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    name: path.basename(file, '.txt'),
    file,
    bytes: bytes.length,
    sha256,
    words,
    distinctWords: distinct.size,
  };
}

/**
 * One line about a corpus; the share of distinct words says how little of it a cache has seen before.
 * @param {Corpus} corpus
 */
export function describeCorpus({ name, bytes, sha256, words, distinctWords }) {
  const share = ((100 * distinctWords) / words).toFixed(2);
  const megabytes = (bytes / 1e6).toFixed(1);
  return `${name}: ${megabytes} MB, ${words} words, ${distinctWords} distinct (${share} %), sha256 ${sha256.slice(0, 16)}`;
}
