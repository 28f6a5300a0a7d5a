import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Job } from '@mlm/arrow';
import { type DatasetDescription, tokenizerText } from '@mlm/arrow/columns';
import type { InputFiles } from '../source/list.js';
import type { PreprocessOptions } from './preprocess.js';

/** What a resumed run must have in common with the one that began: each option, and each input's size and time. */
export function jobOf(options: PreprocessOptions, input: InputFiles, description: DatasetDescription): Job {
  const { evalFraction = 0, seed = 42, textField = 'text', limit = null, share, shardBytes = null } = options;
  const files = createHash('sha256');
  for (const { path, size, modified } of input.files)
    files.update(`${resolve(path)}\0${size}\0${modified}\n`);
  return {
    inputs: files.digest('hex'),
    tokenizer: createHash('sha256').update(tokenizerText(description.tokenizer)).digest('hex'),
    'sequence length': description.sequence_length,
    cut: description.cut,
    masking: description.masking,
    'eval fraction': evalFraction,
    seed,
    'text field': textField,
    limit,
    'shard size': shardBytes,
    share: share ?? null,
  };
}
