import { type Command, Option } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { byteSize, decimal, integer } from '../../options/parse.js';

export interface PreprocessOptions {
  tokenizer?: string;
  sequenceLength: number;
  maskProbability: number;
  replace: 'mask' | 'bert';
  labels: 'masked' | 'all';
  seed: number;
  document: 'blank-line' | 'line' | 'file';
  lineByLine?: boolean;
  overflow: 'wrap' | 'truncate';
  textField: string;
  filesFrom?: string;
  evalFraction: number;
  limit?: number;
  shardSize?: number;
  rank?: number;
  worldSize?: number;
  workers?: number;
  overwrite?: boolean;
  takeOver?: boolean;
  resume?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function preprocessCommand(context: Context): Command {
  return defineCommand(
    'preprocess',
    'turn text into rows of masked tokens (an Arrow file or a dataset folder)',
    [
      [
        'mlm preprocess corpus/ out.arrow',
        'a folder, recursively: .txt, .jsonl, also .gz and .zst, .parquet, .arrow',
      ],
      [
        'mlm preprocess "books/*.txt.gz" out/ --eval-fraction 0.05',
        'a Hugging Face dataset with train and validation',
      ],
      ['mlm preprocess wiki.jsonl out.arrow --text-field body', 'one record a document'],
      ['cat *.txt | mlm preprocess - - > out.arrows', 'text in, an Arrow stream out'],
    ],
  )
    .usage('[options] <inputs...> <output>')
    .argument(
      '<paths...>',
      'inputs (folders, files, globs, or - for standard input), then the output: a name in .arrow, a folder, or -',
    )
    .option(
      '--tokenizer <path>',
      'a folder, vocab.txt or tokenizer.json (default: bert-base-uncased, bundled)',
    )
    .option('--sequence-length <tokens>', 'tokens in a row, special tokens included', integer(4, 65_536), 128)
    .option('--mask-probability <p>', 'the chance of a token to be selected', decimal(0, 1), 0.15)
    .addOption(
      new Option('--replace <how>', 'selected tokens become [MASK], or 80 % [MASK], 10 % random, 10 % kept')
        .choices(['mask', 'bert'])
        .default('mask'),
    )
    .addOption(
      new Option('--labels <which>', 'labels at the selected tokens only (-100 elsewhere), or at all')
        .choices(['masked', 'all'])
        .default('masked'),
    )
    .option('--seed <n>', 'the seed of masking and of the held-out choice', integer(0), 42)
    .addOption(
      new Option('--document <end>', 'what ends a document')
        .choices(['blank-line', 'line', 'file'])
        .default('blank-line'),
    )
    .option('--line-by-line', 'a row a line, instead of packed rows')
    .addOption(
      new Option('--overflow <how>', 'a line longer than a row goes on in the next row, or is cut')
        .choices(['wrap', 'truncate'])
        .default('wrap'),
    )
    .option(
      '--text-field <name>',
      'the field or column that holds the text (.jsonl, .parquet, .arrow)',
      'text',
    )
    .option('--files-from <file>', 'read input paths from a file, one a line (- for standard input)')
    .option('--eval-fraction <share>', 'the share of documents to hold out', decimal(0, 1), 0)
    .option('--limit <rows>', 'stop after this many rows', integer(1))
    .option(
      '--shard-size <bytes>',
      'a shard of a dataset folder ends with the first unit of work (some 10 MB) after so many bytes (default: 500MB)',
      byteSize,
    )
    .option(
      '--rank <i>',
      'which part of the work this process does (default: from the job’s environment)',
      integer(0),
    )
    .option('--world-size <n>', 'the number of processes that share the work', integer(1))
    .option('--workers <n>', 'worker threads (default: one a core)', integer(1, 1024))
    .option('--overwrite', 'replace an existing output')
    .option('--take-over', 'take the output from a process on another machine that seems to be writing it')
    .option('--resume', 'go on with an interrupted run of the same inputs and options')
    .option('--json', 'print the summary as one JSON object')
    .action(async (paths: string[], options: PreprocessOptions) => {
      const { runPreprocess } = await import('./run.js');
      await runPreprocess(context, paths, options);
    });
}
