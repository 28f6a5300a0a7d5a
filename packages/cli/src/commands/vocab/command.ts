import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { integer } from '../../options/parse.js';

export interface VocabOptions {
  size: number;
  output: string;
  cased?: boolean;
  minFrequency: number;
  textField: string;
  filesFrom?: string;
  overwrite?: boolean;
  takeOver?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function vocabCommand(context: Context): Command {
  return defineCommand('vocab', 'train a WordPiece vocabulary on a corpus', [
    [
      'mlm vocab corpus/ --size 30522 --output tokenizer/',
      'tokenizer.json, tokenizer_config.json and vocab.txt',
    ],
    ['mlm preprocess corpus/ out.arrow --tokenizer tokenizer/', 'then use it'],
  ])
    .argument('[inputs...]', 'folders, files, globs, or - for standard input')
    .option('--size <tokens>', 'entries of the vocabulary, special tokens included', integer(8), 30_522)
    .option('--output <folder>', 'where the tokenizer goes', 'tokenizer')
    .option('--cased', 'keep upper case and accents')
    .option('--min-frequency <n>', 'leave out pairs that are rarer', integer(1), 2)
    .option(
      '--text-field <name>',
      'the field or column that holds the text (.jsonl, .parquet, .arrow)',
      'text',
    )
    .option('--files-from <file>', 'read input paths from a file, one a line (- for standard input)')
    .option('--overwrite', 'replace an existing output')
    .option('--take-over', 'take the output from a process on another machine that seems to be writing it')
    .option('--json', 'print the summary as one JSON object')
    .action(async (inputs: string[], options: VocabOptions) => {
      const { runVocab } = await import('./run.js');
      await runVocab(context, inputs, options);
    });
}
