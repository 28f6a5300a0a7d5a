import { list, path, required } from '@mlm/base/options';
import { maskingOptions, protectOptions } from '@mlm/masking/options';
import { preprocessOptions, rowOptions, shareOptions } from '@mlm/tokenize/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { filesFrom, json } from '../../options/shared.js';

export const preprocess = defineCommand({
  name: 'preprocess',
  summary: 'turn text into rows of masked tokens (an Arrow file or a dataset folder)',
  examples: [
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
  arguments: {
    inputs: list({ default: [], help: 'folders, files, globs, or - for standard input' }),
    output: required(path({ help: 'a name in .arrow, a folder, or - for standard output' })),
  },
  options: {
    tokenizer: path({
      shown: 'bert-base-uncased, bundled',
      help: 'a folder, vocab.txt or tokenizer.json',
    }),
    ...rowOptions,
    ...maskingOptions,
    ...protectOptions,
    ...preprocessOptions,
    ...shareOptions,
    filesFrom,
    json: json('print the summary as one JSON object'),
  },
});

export type PreprocessSettings = CommandSettings<typeof preprocess>;
