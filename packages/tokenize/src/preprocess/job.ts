import { createHash, type Hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Job } from '@mlm/arrow';
import { type DatasetDescription, tokenizerJson } from '@mlm/arrow/columns';
import { deciding, type Settings } from '@mlm/base/options';
import type { InputFile } from '../formats/format.js';
import { formatOf } from '../formats/index.js';
import { preprocessOptions } from '../options.js';
import type { InputFiles } from '../source/list.js';
import type { Share } from './share.js';

/**
 * What a resumed run must have in common with the interrupted one: its options, and each input's size and modification
 * time.
 */
export function jobOf(
  settings: Settings<typeof preprocessOptions>,
  share: Share | undefined,
  input: InputFiles,
  description: DatasetDescription,
): Job {
  const files = createHash('sha256');
  addIdentities(files, input.files, 0, input.files.length);
  const { limit = null, shardBytes = null, evalFraction, evalBy, splitBy, onBadRecord } = settings;
  // Options at their defaults keep the form that earlier versions wrote, so that their runs can be resumed.
  const isUsualSplit = evalBy === 'document' && splitBy === 'place';
  if (onBadRecord !== 'fail') files.update(onBadRecord);
  return {
    inputs: files.digest('hex'),
    tokenizer: createHash('sha256').update(tokenizerJson(description.tokenizer)).digest('hex'),
    cut: description.cut,
    masking: description.masking,
    share: share ?? null,
    ...deciding(preprocessOptions, settings),
    'eval fraction': isUsualSplit ? evalFraction : [evalFraction, evalBy, splitBy],
    // Undefined would leave no trace in the journal.
    limit,
    'shard size': shardBytes,
  };
}

/** Adds the identities of the files from one to another, which may be many, to a hash. */
export function addIdentities(hash: Hash, files: readonly InputFile[], from: number, to: number): void {
  for (let at = from; at < to; at += FILES_AT_ONCE)
    hash.update(
      files
        .slice(at, Math.min(to, at + FILES_AT_ONCE))
        .map(identityOf)
        .join(''),
    );
}

/** Files whose identities are joined before they are hashed. */
const FILES_AT_ONCE = 256;

/**
 * Identifies a file across runs: its path, size, modification time, the format that was asked for, and whether it is
 * divided by its rows, as earlier versions did not.
 */
function identityOf({ path, size, modified, isAsked, format, stored }: InputFile): string {
  const place = stored ? `${path}\0${stored.version}` : resolve(path);
  const division = formatOf(format).rows ? '\0rows' : '';
  return `${place}\0${size}\0${modified}${isAsked ? `\0${format}` : ''}${division}\n`;
}
