// Builds the corpora that the benchmarks read, from packages of the Debian archive.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCorpus } from './describe.js';
import { ENGLISH, OTHER_LANGUAGES } from './packages.js';
import { paragraphsOf } from './paragraphs.js';
import { isEnglishProse, SeenSentences } from './prose.js';

const NO_TEXT = /changelog|copyright|\/locale\/|\.(png|jpe?g|gif|svg|js|css|pdf|ogg|woff2?|ttf)(\.gz)?$/i;
const MAX_FILE_BYTES = 60e6;

/** @import { Corpus } from './describe.js' */

/**
 * Downloads the packages and writes one text file a corpus: a paragraph a line, a blank line after each document.
 * @param {string} folder where the corpora go
 * @param {(line: string) => void} log
 * @returns {Corpus[]}
 */
export function buildCorpora(folder, log) {
  mkdirSync(path.join(folder, 'packages'), { recursive: true });
  const corpora = [writeCorpus(folder, 'english', ENGLISH, englishDocument(), log)];
  for (const [name, { packages, files, script }] of Object.entries(OTHER_LANGUAGES))
    corpora.push(writeCorpus(folder, name, packages, otherDocument(files, script), log));
  return corpora;
}

/** @returns {(file: string, paragraphs: string[]) => string} */
function englishDocument() {
  const seen = new SeenSentences();
  return (_, paragraphs) =>
    paragraphs
      .filter(isEnglishProse)
      .map((paragraph) => seen.novel(paragraph))
      .filter(Boolean)
      .join('\n');
}

/**
 * @param {RegExp} files
 * @param {RegExp} script
 * @returns {(file: string, paragraphs: string[]) => string}
 */
function otherDocument(files, script) {
  const seen = new Set();
  return (file, paragraphs) =>
    files.test(file)
      ? paragraphs
          .filter(
            (paragraph) =>
              paragraph.length > 60 && script.test(paragraph) && !seen.has(paragraph) && seen.add(paragraph),
          )
          .join('\n')
      : '';
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {readonly string[]} packages
 * @param {(file: string, paragraphs: string[]) => string} toDocument
 * @param {(line: string) => void} log
 */
function writeCorpus(folder, name, packages, toDocument, log) {
  const target = path.join(folder, `${name}.txt`);
  const output = openSync(`${target}.partial`, 'w');
  for (const deb of packages.toSorted().map((debian) => download(folder, debian))) {
    const unpacked = mkdtempSync(path.join(tmpdir(), 'mlm-corpus-'));
    execFileSync('dpkg-deb', ['-x', deb, unpacked]);
    let bytes = 0;
    for (const file of textFiles(unpacked)) {
      const paragraphs = paragraphsOf(file, readFileSync(file));
      const document = paragraphs ? toDocument(file, paragraphs) : '';
      if (document.length > 300) bytes += writeSync(output, `${document}\n\n`);
    }
    rmSync(unpacked, { recursive: true });
    log(`${name}: ${path.basename(deb)} ${(bytes / 1e6).toFixed(2)} MB`);
  }
  closeSync(output);
  renameSync(`${target}.partial`, target);
  return readCorpus(target);
}

/** @param {string} folder @param {string} debian the package's name */
function download(folder, debian) {
  const store = path.join(folder, 'packages');
  const find = () =>
    readdirSync(store).find((file) => file.startsWith(`${debian}_`) && file.endsWith('.deb'));
  if (!find())
    execFileSync('apt-get', ['download', debian], { cwd: store, stdio: ['ignore', 'ignore', 'pipe'] });
  return path.join(store, /** @type {string} */ (find()));
}

/** @param {string} folder */
function textFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => !NO_TEXT.test(file) && statSync(file).size < MAX_FILE_BYTES)
    .sort();
}
