import { flag, path } from '@mlm/base/options';
import { UsageError } from '../errors.js';

/** The option `--json`, whose help says what the command prints. */
export const json = (help: string) => flag({ help });

/** `--files-from`, a file of input paths. */
export const filesFrom = path({
  value: 'file',
  help: 'read input paths from a file, one per line or each ended by NUL; - for standard input',
});

/** `--tokenizer`, for a dataset made elsewhere. */
export const datasetTokenizer = path({
  help: 'the tokenizer of a dataset that does not carry its own: a path or a hub id',
});

/** @throws UsageError for a shard size and an output that has no shards */
export function refuseShardSize(shardBytes: number | undefined, output: string): void {
  if (shardBytes !== undefined && (output === '-' || output.endsWith('.arrow')))
    throw new UsageError(`--shard-size is for a dataset folder, and ${output} is none; leave it out`);
}
