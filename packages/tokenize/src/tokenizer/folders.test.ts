import { readFileSync } from 'node:fs';
import { InputError } from '@mlm/base/errors';
import { describe, expect, it } from 'vitest';
import { configured } from './load.js';
import { tokenizerFromDefinition } from './tokenizer.js';

// What AutoTokenizer makes of folders whose files say different things: see fixtures/folders/make_folders.py.

interface Oracle {
  texts: string[];
  parts: string[];
  folders: { files: Record<string, number>; ids: number[][] | null }[];
}

const oracle: Oracle = JSON.parse(
  readFileSync(new URL('../../fixtures/folders/folders.json', import.meta.url), 'utf8'),
);

const filesOf = (files: Record<string, number>) =>
  Object.fromEntries(Object.entries(files).map(([name, part]) => [name, oracle.parts[part]!]));

/** What a folder is, for a message: its files, those that are short as text. */
const nameOf = (files: Record<string, number>) =>
  Object.entries(files)
    .map(([name, part]) => `${name} ${oracle.parts[part]!.length < 300 ? oracle.parts[part] : part}`)
    .join(', ');

function load(files: Record<string, string>) {
  return tokenizerFromDefinition({ name: 'folder', files: configured(files, {}, 'folder') });
}

function idsOf(files: Record<string, string>): number[][] | string {
  try {
    const encoder = load(files).encoder();
    return oracle.texts.map((text) => [...encoder.encode(Buffer.from(text), { document: 'none' }).ids]);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}

/** What is refused although AutoTokenizer opens it: contradictions, and special tokens that would be added to a vocabulary. */
const REFUSED = {
  'folder: add_prefix_space is false in tokenizer_config.json but true in tokenizer.json; make them agree': 2,
  'folder: add_prefix_space is true in tokenizer_config.json but false in tokenizer.json; make them agree': 6,
  'folder: its class RobertaTokenizer expects a BPE model, but its files contain Unigram': 72,
  'folder: its class RobertaTokenizer expects a BPE model, but its files contain WordPiece': 3,
  'folder: its normalizer Strip with the prepend_scheme "first" of its pre-tokenizer is not supported': 1,
  'folder: the added token "drugx" has the id 31 in its files, but 26 in transformers; correct the files': 14,
  'folder: the added token "drugx" has the id 35 in its files, but 26 in transformers; correct the files': 3,
  'folder: the vocabulary has no </s> (sep_token), which masked-language-model training needs': 12,
  'folder: the vocabulary has no <unk> (unk_token), which masked-language-model training needs': 36,
  'folder: the vocabulary has no [UNK] (unk_token), which masked-language-model training needs': 18,
};

describe('a folder of tokenizer files', () => {
  const outcomes = oracle.folders.map(({ files, ids }) => ({ files, ids, ours: idsOf(filesOf(files)) }));

  it('gives the ids of AutoTokenizer, or is refused', () => {
    const wrong = outcomes
      .filter(({ ids, ours }) => ids !== null && typeof ours !== 'string' && `${ours}` !== `${ids}`)
      .map(({ files, ids, ours }) => `${nameOf(files)}: ${JSON.stringify(ids)} but ${JSON.stringify(ours)}`);
    expect(wrong).toEqual([]);
  });

  it('is refused only for what is not followed', () => {
    const reasons = new Map<string, number>();
    for (const { ours, ids } of outcomes) {
      if (typeof ours === 'string' && ids !== null) reasons.set(ours, (reasons.get(ours) ?? 0) + 1);
    }
    expect(Object.fromEntries(reasons)).toEqual(REFUSED);
  });

  it('stays the same tokenizer in the files that a checkpoint keeps, whatever model is beside them', () => {
    const wrong = outcomes
      .filter(({ files, ours }, i) => {
        if (typeof ours === 'string' || i % 5 !== 0) return false;
        const kept = load(filesOf(files)).files;
        return [undefined, 'bert', 'roberta'].some((model_type) => {
          const beside = model_type && { 'config.json': JSON.stringify({ model_type }) };
          return `${idsOf({ ...kept, ...beside })}` !== `${ours}`;
        });
      })
      .map(({ files }) => nameOf(files));
    expect(wrong).toEqual([]);
  });
});
