import { flag, list, path, whole } from '@mlm/base/options';
import { preprocessOptions, vocabularyOptions } from '@mlm/tokenize/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';
import { filesFrom, json } from '../../options/shared.js';

export const vocab = defineCommand({
  name: 'vocab',
  summary: 'train a WordPiece vocabulary on a corpus',
  examples: [
    [
      'mlm vocab corpus/ --size 30522 --output tokenizer/',
      'tokenizer.json, tokenizer_config.json and vocab.txt',
    ],
    ['mlm preprocess corpus/ out.arrow --tokenizer tokenizer/', 'then use it'],
  ],
  arguments: { inputs: list({ default: [], help: 'folders, files, globs, or - for standard input' }) },
  options: {
    ...vocabularyOptions,
    // Room for BERT's five special tokens and an alphabet.
    size: whole({ ...vocabularyOptions.size, from: 8 }),
    output: path({ default: 'tokenizer', value: 'folder', help: 'the tokenizer folder to write' }),
    cased: flag({ help: 'keep upper case and accents' }),
    textField: preprocessOptions.textField,
    inputFormat: preprocessOptions.inputFormat,
    onBadRecord: preprocessOptions.onBadRecord,
    filesFrom,
    overwrite: preprocessOptions.overwrite,
    takeOver: preprocessOptions.takeOver,
    json: json('print the summary as one JSON object'),
  },
});

export type VocabSettings = CommandSettings<typeof vocab>;
