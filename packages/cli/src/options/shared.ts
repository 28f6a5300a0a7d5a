import { flag, path } from '@mlm/base/options';
import { UsageError } from '../errors.js';

/** `--json`, which says for each command what it prints. */
export const json = (help: string) => flag({ help });

/** Input paths in a file. */
export const filesFrom = path({
  value: 'file',
  help: 'read input paths from a file, one per line or NUL (- for standard input)',
});

/** The tokenizer of a dataset made elsewhere. */
export const datasetTokenizer = path({
  help: 'the tokenizer of a dataset that does not bring its own, a path or a hub id',
});

/** @throws UsageError for a shard size and an output that has no shards */
export function refuseShardSize(shardBytes: number | undefined, output: string): void {
  if (shardBytes !== undefined && (output === '-' || output.endsWith('.arrow')))
    throw new UsageError(`--shard-size is for a dataset folder, and ${output} is none; leave it out`);
}
