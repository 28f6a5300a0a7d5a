import { existsSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { InputError, mention, say } from '@mlm/base/errors';
import { tokenizerFileNames } from '@mlm/base/tokenizer-files';
import { hubIdOfBareName, hubSnapshot, isHubId, type WantedFiles } from '../stores/snapshot.js';
import { bertTokenizer } from './bert.js';
import { BUNDLED, bundledTokenizer } from './bundled.js';
import { tokenizerClass } from './classes.js';
import { readFolder } from './folder.js';
import { isBertWordPiece, parseObject } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';

/** Options of {@link loadTokenizer}. */
export interface LoadTokenizerOptions {
  /**
   * For a vocab.txt: whether to lowercase text and strip its accents. Default: as in the tokenizer_config.json beside
   * it, else true, as in BertTokenizer.
   */
  lowercase?: boolean;
  /** A branch, tag or commit of a repository on the hub. Default: main. */
  revision?: string | undefined;
}

/**
 * Loads a tokenizer, as `AutoTokenizer` of transformers 5 would.
 * @param source a folder with tokenizer.json, vocab.txt or vocab.json and merges.txt, one of these files, or, where there
 *   is no such path, an `owner/name` of the hub (see `hubSnapshot`); default: the bundled `bert-base-uncased`, which also
 *   has that name
 * @throws InputError if there is no such tokenizer, its files ask for something unsupported, or it lacks a token that
 * masked-language-model training needs
 *
 * @example
 * ```ts
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const { ids } = tokenizer.encoder().encode(Buffer.from('Hello, world!'), { document: 'none' });
 * console.log(Array.from(ids, (id) => tokenizer.idToToken(id)));
 * ```
 */
export async function loadTokenizer(source?: string, options: LoadTokenizerOptions = {}): Promise<Tokenizer> {
  const isBundled = source === undefined || (source === BUNDLED && !existsSync(source));
  const isHere = isBundled || existsSync(source);
  if (isHere && options.revision !== undefined)
    throw new InputError(
      say`${source ?? BUNDLED}: is a local tokenizer, which has no revisions; leave out ${mention('revision')}, or name a tokenizer on the hub`,
    );
  if (isBundled) {
    const bundled = bundledTokenizer();
    // The option makes another tokenizer of it.
    if (options.lowercase === undefined) return bundled;
    return loaded({ name: BUNDLED, files: configured(bundled.definition().files, options, BUNDLED) });
  }
  if (!isHere && isHubId(source)) {
    const { folder, revision } = await hubSnapshot(source, wantedFiles(source), options);
    const files = configured(await readFiles(folder, source), options, source);
    return Object.assign(await loaded({ name: source, files }), { revision });
  }
  const path = resolve(source);
  const files = configured(await readFiles(path, source), options, source);
  return loaded({ name: basename(path), files });
}

/** Like `tokenizerFromDefinition`, but loads only what this tokenizer needs. */
async function loaded(definition: TokenizerDefinition): Promise<Tokenizer> {
  const folder = readFolder(definition.files, definition.name);
  if (isBertWordPiece(folder.json)) return bertTokenizer(definition, folder);
  const { pipelineTokenizer } = await import('./pipeline.js');
  return pipelineTokenizer(definition, folder);
}

const wantedFiles = (name: string): WantedFiles => ({
  async choose(available, download) {
    const wanted = [...tokenizerFileNames, 'config.json'].filter((file) => available.includes(file));
    if (!wanted.some((file) => vocabularyFiles.includes(file)))
      throw (
        unconverted(name, available) ??
        new InputError(`${name}: has no tokenizer (none of ${vocabularyFiles.join(', ')})`)
      );
    for (const file of wanted) await download(file);
  },
  marks: vocabularyFiles,
});

const vocabularyFiles = ['tokenizer.json', 'vocab.txt', 'vocab.json'];

/** The files, with the options and the class from the model's config.json merged into tokenizer_config.json. */
export function configured(
  { 'config.json': model, ...files }: Record<string, string>,
  { lowercase }: LoadTokenizerOptions,
  where: string,
): Record<string, string> {
  const changes: Record<string, unknown> = {};
  if (lowercase !== undefined && files['tokenizer.json'] === undefined) changes.do_lower_case = lowercase;
  const text = files['tokenizer_config.json'];
  const config = text === undefined ? {} : parseObject(text, `${where}: tokenizer_config.json`);
  if (model !== undefined) {
    const { model_type, tokenizer_class } = parseObject(model, `${where}: config.json`);
    const type = typeof model_type === 'string' ? model_type : undefined;
    const named = config.tokenizer_class ?? tokenizer_class ?? undefined;
    if (named === undefined || typeof named === 'string') {
      const { name } = tokenizerClass(named, type, where);
      if (config.tokenizer_class === undefined || name !== tokenizerClass(named, undefined, where).name)
        changes.tokenizer_class = name;
    }
  }
  if (Object.keys(changes).length === 0) return files;
  return { ...files, 'tokenizer_config.json': `${JSON.stringify({ ...config, ...changes }, null, 2)}\n` };
}

/** The texts of a folder's files, or of a single file and those that belong to it. */
async function readFiles(path: string, source: string): Promise<Record<string, string>> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined)
    throw new InputError(
      `${source}: no such tokenizer; give a folder, vocab.txt, tokenizer.json or an owner/name of the hub${hintFor(source)}`,
    );
  const files: Record<string, string> = {};
  const add = async (name: string, file: string, isNamed = false) => {
    const text = await textOf(file, isNamed).catch((error: NodeJS.ErrnoException) => {
      if (error instanceof InputError) throw error;
      if (error.code === 'ENOENT') return undefined;
      throw new InputError(`${file}: cannot be read (${error.code})`);
    });
    if (text !== undefined) files[name] = text;
  };
  const alone = found.isDirectory() ? undefined : unconverted(dirname(path), [basename(path)]);
  if (alone) throw alone;
  if (found.isDirectory()) {
    for (const name of [...tokenizerFileNames, 'config.json']) await add(name, join(path, name));
  } else {
    await add(extname(path) === '.json' ? 'tokenizer.json' : 'vocab.txt', path, true);
    for (const name of besides(basename(path))) await add(name, join(dirname(path), name));
  }
  const { 'tokenizer.json': json, 'vocab.txt': lines, 'vocab.json': vocab, 'merges.txt': merges } = files;
  if (json === undefined && lines === undefined && (vocab === undefined || merges === undefined))
    throw (
      unconverted(source, await readdir(path)) ??
      new InputError(`${source}: this folder contains neither tokenizer.json nor vocab.txt`)
    );
  return files;
}

/** The error for a vocabulary in SentencePiece's own format, which transformers converts; `undefined` if there is none. */
function unconverted(folder: string, names: readonly string[]): InputError | undefined {
  const model = names.find((name) => /^(spiece|sentencepiece.*|spm|tokenizer)\.model$/.test(name));
  if (model === undefined) return undefined;
  return new InputError(
    `${folder}: ${model} is in SentencePiece's format, expected tokenizer.json; convert it: python -c ` +
      `"from transformers import AutoTokenizer as T; T.from_pretrained('${folder}').save_pretrained('tokenizer')", and use the folder tokenizer`,
  );
}

/** A file's text. Only one that was named may be a pipe: another is one that nobody may ever write to. */
async function textOf(file: string, isNamed: boolean): Promise<string> {
  const found = await stat(file);
  if (found.isDirectory()) throw new InputError(`${file}: is a folder, expected a file`);
  if (!found.isFile() && !isNamed) throw new InputError(`${file}: is a pipe or a device, expected a file`);
  return readFile(file, 'utf8');
}

/** Where the hub has a tokenizer whose name is known without its owner. */
function hintFor(name: string): string {
  const id = hubIdOfBareName(name);
  return id === undefined ? '' : `, such as ${id}`;
}

/** The files to read with a single file: all that describe it, if it has its usual name. */
function besides(name: string): string[] {
  if (name !== 'tokenizer.json' && name !== 'vocab.txt') return ['tokenizer_config.json'];
  return ['tokenizer_config.json', 'special_tokens_map.json', 'added_tokens.json', 'config.json'];
}
