import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '@mlm/base/errors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadTokenizer } from './load.js';
import { tokenizerFromDefinition } from './tokenizer.js';
import type { DocumentMode, Tokenizer } from './types.js';

const fixture = (name: string) => new URL(`../../fixtures/pipeline/${name}.json`, import.meta.url).pathname;

function encode(tokenizer: Tokenizer, text: string | Uint8Array, document: DocumentMode = 'none') {
  const encoded = tokenizer.encoder().encode(Buffer.from(text), { document });
  let start = 0;
  const documents = Array.from(encoded.documentEnds, (end) => {
    const ids = [...encoded.ids.subarray(start, end)];
    start = end;
    return ids;
  });
  return { ...encoded, documents };
}

describe('a byte-level BPE', () => {
  it('has its special tokens, all protected, and its file as it is, with the class that reads it so', async () => {
    const tokenizer = await loadTokenizer(fixture('roberta'));
    expect(tokenizer.specialIds).toEqual({ cls: 0, sep: 2, pad: 1, unk: 3, mask: 700 });
    expect(tokenizer.protectedIds).toEqual([0, 1, 2, 3, 700]);
    expect(tokenizer.vocabularySize).toBe(703);
    const { 'tokenizer.json': json, 'tokenizer_config.json': config } = tokenizer.files;
    expect(json).toBe(readFileSync(fixture('roberta'), 'utf8'));
    expect(JSON.parse(config!)).toMatchObject({
      tokenizer_class: 'PreTrainedTokenizerFast',
      mask_token: '<mask>',
    });
    expect(tokenizer.idToToken(700)).toBe('<mask>');
    expect(() => tokenizer.decode([703])).toThrow(RangeError);
  });

  it('parts documents without the line ends and blank lines around them', async () => {
    const tokenizer = await loadTokenizer(fixture('roberta'));
    const one = [...encode(tokenizer, 'God said').ids];
    const two = [...encode(tokenizer, 'the\nearth ').ids];
    const blankLines = encode(tokenizer, '\n \nGod said\n\t\nthe\nearth \r\n\r\n\n', 'blank-line');
    expect(blankLines.documents).toEqual([one, two]);
    expect([...blankLines.documentStarts]).toEqual([3, 14]);
    const lines = encode(tokenizer, 'God said\r\n\nGod said\nGod said', 'line');
    expect(lines.documents).toEqual([one, one, one]);
    expect([...lines.documentStarts]).toEqual([0, 11, 20]);
  });

  it('counts ill-formed UTF-8 and reads it as U+FFFD', async () => {
    const tokenizer = await loadTokenizer(fixture('roberta'));
    const { ids, invalidUtf8 } = encode(tokenizer, Uint8Array.of(0x61, 0xff, 0x62));
    expect(invalidUtf8).toBe(1);
    expect([...ids]).toEqual([...encode(tokenizer, 'a\ufffdb').ids]);
  });

  it('is rebuilt from its definition', async () => {
    const tokenizer = await loadTokenizer(fixture('roberta'));
    const again = tokenizerFromDefinition(structuredClone(tokenizer.definition()));
    expect(again.specialIds).toEqual(tokenizer.specialIds);
    expect(encode(again, 'the <mask> earth').documents).toEqual(
      encode(tokenizer, 'the <mask> earth').documents,
    );
  });

  it('refuses a word that no text has', async () => {
    const tokenizer = await loadTokenizer(fixture('roberta'));
    expect(() => encode(tokenizer, 'x'.repeat((1 << 20) + 1))).toThrow(InputError);
  });
});

describe('a tokenizer that cannot serve', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mlm-pipeline-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  // biome-ignore lint/suspicious/noExplicitAny: a tokenizer.json is changed in many places
  async function changed(name: string, change: (json: any) => void, config?: object) {
    const json = JSON.parse(readFileSync(fixture(name), 'utf8'));
    change(json);
    await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(json));
    if (config) await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config));
    return loadTokenizer(folder);
  }

  it.each<[string, string, Parameters<typeof changed>[1]]>([
    ['mask', 'roberta', (json) => json.added_tokens.splice(4, 1)],
    ['pad', 'roberta', (json) => renamePad(json)],
    ['model is WordLevel', 'roberta', (json) => (json.model.type = 'WordLevel')],
    ['model is WordPiece without', 'roberta', (json) => (json.model.type = 'WordPiece')],
    ['dropout', 'roberta', (json) => (json.model.dropout = 0.1)],
    ['byte_fallback', 'albert', (json) => (json.model.byte_fallback = true)],
    ['token for each byte', 'roberta', (json) => delete json.model.vocab.Ā],
    ['normalizer Nmt', 'roberta', (json) => (json.normalizer = { type: 'Nmt' })],
    ['pre-tokenizer Split', 'roberta', (json) => (json.pre_tokenizer = { type: 'Split' })],
    [
      'regular expression (?i:s)',
      'deberta',
      (json) => (json.normalizer.normalizers[2].pattern.Regex = '(?i:s)'),
    ],
    ['StripAccents with the', 'deberta', (json) => (json.normalizer = { type: 'StripAccents' })],
    ['unknown token', 'albert', (json) => (json.model.unk_id = 5)],
  ])('is refused by name: %s', async (message, name, change) => {
    const loading = changed(name, change);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(message);
  });

  it('is refused when its files contradict each other', async () => {
    const loading = changed('roberta', () => {}, { add_prefix_space: true });
    await expect(loading).rejects.toThrow(/add_prefix_space is true in tokenizer_config.json but false/);
  });

  it('takes the roles of special tokens from its configuration', async () => {
    const { specialIds } = await changed('roberta', () => {}, {
      mask_token: { content: '</s>' },
      cls_token: 'a',
    });
    expect(specialIds.mask).toBe(2);
    expect(specialIds.cls).toBeGreaterThan(3);
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a tokenizer.json
function renamePad(json: any): void {
  json.added_tokens[1].content = '<padding>';
  delete json.model.vocab['<pad>'];
}
