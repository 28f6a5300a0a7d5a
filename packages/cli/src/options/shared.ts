import { flag, path } from '@mlm/base/options';

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
