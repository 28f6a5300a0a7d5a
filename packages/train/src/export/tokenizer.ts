import { join } from 'node:path';
import { exists } from '@mlm/base';
import { loadTokenizer, type Tokenizer } from '@mlm/tokenize';

const roles = {
  cls: 'cls_token',
  sep: 'sep_token',
  pad: 'pad_token',
  unk: 'unk_token',
  mask: 'mask_token',
} as const;

/**
 * A checkpoint's tokenizer as transformers.js reads it: a tokenizer.json, and a tokenizer_config.json that names the
 * class and the special tokens, whichever of the two the checkpoint has. Empty if it has no tokenizer.
 *
 * @throws InputError when the checkpoint's tokenizer uses something unsupported
 */
export async function tokenizerForPages(checkpoint: string): Promise<Record<string, string>> {
  const sources = ['tokenizer.json', 'vocab.txt', 'vocab.json'].map((name) => exists(join(checkpoint, name)));
  if (!(await Promise.all(sources)).includes(true)) return {};
  const tokenizer = await loadTokenizer(checkpoint);
  const files: Record<string, string> = { ...tokenizer.files };
  return {
    ...files,
    'tokenizer_config.json': withSpecialTokens(files['tokenizer_config.json'] ?? '{}', tokenizer),
  };
}

/** transformers.js reads the special tokens only from here. */
function withSpecialTokens(text: string, tokenizer: Tokenizer): string {
  const config = JSON.parse(text) as Record<string, unknown>;
  for (const [role, key] of Object.entries(roles)) {
    config[key] ??= tokenizer.idToToken(tokenizer.specialIds[role as keyof typeof roles]);
  }
  return `${JSON.stringify(config, null, 2)}\n`;
}
