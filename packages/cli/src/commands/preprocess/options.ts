import { list, options, path, required, text } from '@mlm/base/options';
import { maskingOptions, protectOptions } from '@mlm/masking/options';
import { preprocessOptions, rowOptions, shareOptions } from '@mlm/tokenize/options';
import type { CommandDefinition, CommandSettings } from '../../options/command.js';
import { recipe } from '../../options/recipes.js';
import { filesFrom, json } from '../../options/shared.js';

/** The arguments of `mlm preprocess`. */
export const commandArguments = options({
  inputs: list({ default: [], help: 'folders, files, globs, or - for standard input' }),
  output: required(path({ help: 'an .arrow file, a folder, or - for standard output' })),
});

/** Its options. */
export const commandOptions = options({
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
  folder: path({
    flag: false,
    help: 'where relative paths of the inputs start from; a resumed run has that of the run that began',
  }),
  json: json('print the summary as one JSON object'),
});

/** Both, with defaults filled in. */
export type PreprocessSettings = CommandSettings<
  CommandDefinition<typeof commandArguments, typeof commandOptions>
>;
