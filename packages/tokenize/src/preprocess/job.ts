import { createHash, type Hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { Job } from '@mlm/arrow';
import { type DatasetDescription, tokenizerJson } from '@mlm/arrow/columns';
import { deciding, type Settings } from '@mlm/base/options';
import { formatOf } from '../formats/index.js';
import { preprocessOptions } from '../options.js';
import type { FileList } from '../source/file-list.js';
import type { Share } from './share.js';

/**
 * What a resumed run must have in common with the interrupted one: its options, and each input's size and modification
 * time.
 */
export function jobOf(
  settings: Settings<typeof preprocessOptions>,
  share: Share | undefined,
  inputs: FileList,
  description: DatasetDescription,
): Job {
  const files = createHash('sha256');
  addIdentities(files, inputs, 0, inputs.length);
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
export function addIdentities(hash: Hash, files: FileList, from: number, to: number): void {
  let identities = '';
  for (let ordinal = from; ordinal < to; ordinal++) {
    identities += identityOf(files, ordinal);
    if (identities.length < HASHED_AT_ONCE && ordinal + 1 < to) continue;
    hash.update(identities);
    identities = '';
  }
}

/** Characters that are joined before they are hashed. */
const HASHED_AT_ONCE = 16 << 10;

/**
 * Identifies a file across runs: its path, size, modification time, the format that was asked for, and whether it is
 * divided by its rows, as earlier versions did not.
 */
function identityOf(files: FileList, ordinal: number): string {
  const { path, size, modified, isAsked, format, stored } = files.at(ordinal)!;
  const absolute = path === '-' ? resolve(path) : files.absolutePath(ordinal);
  const place = stored ? `${path}\0${stored.version}` : absolute;
  const division = formatOf(format).rows ? '\0rows' : '';
  return `${place}\0${size}\0${modified}${isAsked ? `\0${format}` : ''}${division}\n`;
}
