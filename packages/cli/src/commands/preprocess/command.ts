import { list, path, required, text } from '@mlm/base/options';
import { maskingOptions, protectOptions } from '@mlm/masking/options';
import { preprocessOptions, rowOptions, shareOptions } from '@mlm/tokenize/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { recipe } from '../../options/recipes.js';
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
    ['mlm preprocess wiki.jsonl out.arrow --text-field body', 'one document per record'],
    ['cat *.txt | mlm preprocess - - > out.arrows', 'text in, an Arrow stream out'],
  ],
  arguments: {
    inputs: list({ default: [], help: 'folders, files, globs, or - for standard input' }),
    output: required(path({ help: 'an .arrow file, a folder, or - for standard output' })),
  },
  options: {
    tokenizer: path({
      shown: 'bert-base-uncased, bundled',
      help: 'a folder, vocab.txt, tokenizer.json or a hub id',
    }),
    revision: text({
      value: 'name',
      shown: 'main',
      help: 'the branch, tag or commit of a tokenizer from the hub',
    }),
    ...rowOptions,
    ...maskingOptions,
    ...protectOptions,
    ...preprocessOptions,
    ...shareOptions,
    recipe,
    filesFrom,
    json: json('print the summary as one JSON object'),
  },
});

export type PreprocessSettings = CommandSettings<typeof preprocess>;
