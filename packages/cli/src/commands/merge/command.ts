import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { byteSize } from '../../options/parse.js';

export interface MergeOptions {
  shardSize?: number;
  overwrite?: boolean;
  takeOver?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function mergeCommand(context: Context): Command {
  return defineCommand(
    'merge',
    'join the parts that several machines wrote into the dataset that one would have written',
    [
      ['mlm preprocess corpus/ out.arrow --rank 0 --world-size 2', 'on the first machine'],
      ['mlm preprocess corpus/ out.arrow --rank 1 --world-size 2', 'on the second'],
      ['mlm merge out.part-*-of-00002.arrow out.arrow', 'the same bytes as a single run'],
    ],
  )
    .usage('[options] <parts...> <output>')
    .argument('<paths...>', 'the parts, in any order, then the output')
    .option(
      '--shard-size <bytes>',
      'a shard of a dataset folder ends with the first unit of work (some 10 MB) after so many bytes (default: 500MB)',
      byteSize,
    )
    .option('--overwrite', 'replace an existing output')
    .option('--take-over', 'take the output from a process on another machine that seems to be writing it')
    .option('--json', 'print the summary as one JSON object')
    .action(async (paths: string[], options: MergeOptions) => {
      const { runMerge } = await import('./run.js');
      await runMerge(context, paths, options);
    });
}
