import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '@mlm/base/errors';
import { tokenizerFromDefinition } from './tokenizer.js';
import type { Tokenizer } from './types.js';
import { bertConfig, parseConfig } from './vocabulary-files.js';

const BUNDLED = 'bert-base-uncased';
const FILES = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt'] as const;

/** How {@link loadTokenizer} reads files that leave something open. */
export interface LoadTokenizerOptions {
  /**
   * For a vocab.txt: whether the text is lowercased and loses its accents. Default: what the tokenizer_config.json beside
   * it says, else true, as BertTokenizer has it.
   */
  lowercase?: boolean;
}

/**
 * Loads a tokenizer.
 * @param source a folder with tokenizer.json or vocab.txt, or one of these files; default: the bundled bert-base-uncased
 * @throws InputError when there is no such tokenizer, or it cannot serve masked-language-model training
 */
export async function loadTokenizer(source?: string, options: LoadTokenizerOptions = {}): Promise<Tokenizer> {
  const path =
    source === undefined
      ? fileURLToPath(new URL(`../../vocabulary/${BUNDLED}.txt`, import.meta.url))
      : resolve(source);
  const files = await readFiles(path, source ?? BUNDLED);
  if (options.lowercase !== undefined && files['tokenizer.json'] === undefined) {
    const config = parseConfig(files['tokenizer_config.json'], path);
    files['tokenizer_config.json'] = bertConfig({ ...config, do_lower_case: options.lowercase });
  }
  const name = source === undefined ? BUNDLED : basename(path);
  return tokenizerFromDefinition({ name, files });
}

/** The tokenizer's files as text: of the folder, or the one file and, for a vocab.txt, the configuration beside it. */
async function readFiles(path: string, source: string): Promise<Record<string, string>> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new InputError(`${source}: no such tokenizer (a folder, vocab.txt or tokenizer.json)`);
  const files: Record<string, string> = {};
  const add = async (name: string, file: string) => {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw new InputError(`${file}: cannot be read (${error.code})`);
    });
    if (text !== undefined) files[name] = text;
  };
  if (found.isDirectory()) {
    for (const name of FILES) await add(name, join(path, name));
  } else if (extname(path) === '.json') {
    await add('tokenizer.json', path);
    await add('tokenizer_config.json', join(dirname(path), 'tokenizer_config.json'));
  } else {
    await add('vocab.txt', path);
    await add('tokenizer_config.json', join(dirname(path), 'tokenizer_config.json'));
  }
  if (files['tokenizer.json'] === undefined && files['vocab.txt'] === undefined) {
    throw new InputError(`${source}: this folder holds neither tokenizer.json nor vocab.txt`);
  }
  return files;
}
