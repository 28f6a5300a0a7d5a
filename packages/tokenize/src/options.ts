import {
  bytes,
  choice,
  defaultsOf,
  flag,
  options,
  real,
  text,
  whole,
  wholeOrSlurmArray,
} from '@mlm/base/options';
import { formatNames } from './formats/format.js';

/** How text is read: by `textFiles`, and as part of `preprocess`. */
export const readOptions = options({
  document: choice(['blank-line', 'line', 'file'], {
    default: 'blank-line',
    value: 'end',
    decides: { through: 'cut' },
    help: 'what ends a document',
  }),
  textField: text({
    default: 'text',
    value: 'name',
    decides: 'text field',
    help: 'the field or column that holds the text, a.b if nested (.jsonl, .json, .csv, .parquet, .arrow)',
  }),
  inputFormat: choice(formatNames, {
    value: 'name',
    shown: 'by file extension',
    decides: { through: 'inputs' },
    help: 'the format of the inputs, whatever their names',
  }),
  onBadRecord: choice(['fail', 'skip'], {
    default: 'fail',
    value: 'what',
    decides: { through: 'inputs' },
    help: 'stop at an unreadable record, or leave it out and list it beside the output',
  }),
});

/** How rows are made: by `tokenize`, and as part of `preprocess`. */
export const rowOptions = options({
  sequenceLength: whole({
    default: 128,
    from: 3,
    to: 65_536,
    value: 'tokens',
    decides: 'sequence length',
    help: 'tokens in a row, special tokens included',
  }),
  pack: choice(['stream', 'documents'], {
    default: 'stream',
    value: 'how',
    decides: { through: 'cut' },
    help: 'fill rows with running text, or with whole documents, which training keeps apart',
  }),
  lineByLine: flag({
    decides: { through: 'cut' },
    help: 'one row per line, instead of packed rows',
  }),
  overflow: choice(['wrap', 'truncate'], {
    default: 'wrap',
    value: 'how',
    decides: { through: 'cut' },
    requires: 'lineByLine',
    help: 'continue a line that is longer than a row in the next row, or cut it off',
  }),
  evalFraction: real({
    default: 0,
    to: 1,
    value: 'share',
    decides: 'eval fraction',
    help: 'the share of documents to hold out for validation',
  }),
  evalBy: choice(['document', 'row'], {
    default: 'document',
    value: 'unit',
    decides: { through: 'eval fraction' },
    requires: 'evalFraction',
    help: 'hold out whole documents, or single rows, which also works with one document',
  }),
  splitBy: choice(['place', 'content'], {
    default: 'place',
    value: 'what',
    decides: { through: 'eval fraction' },
    requires: ['evalFraction', { option: 'evalBy', value: 'document' }],
    help: 'choose validation documents by their place in the input, or by content, which keeps equal ones together',
  }),
  seed: whole({
    default: 42,
    help: 'the seed for masking and for choosing validation documents',
  }),
  limit: whole({
    from: 1,
    value: 'rows',
    help: 'stop after this many rows',
  }),
  tokenizerFiles: flag({
    default: true,
    flag: 'no-tokenizer-files',
    decides: { through: 'tokenizer' },
    help: 'leave the tokenizer’s files (about 0.8 MB, twice in an .arrow file) out of the output; training then has to name the tokenizer',
  }),
  workers: whole({
    to: 1024,
    shown: 'one per core',
    decides: false,
    help: 'threads that tokenize, the main one included',
  }),
});

/** How several processes share the work. */
export const shareOptions = options({
  rank: wholeOrSlurmArray({
    value: 'i',
    shown: 'from the job’s environment',
    decides: { through: 'share' },
    help: 'the part of the work that this process does; slurm-array: that of its array task',
  }),
  worldSize: whole({
    from: 1,
    decides: { through: 'share' },
    help: 'the number of processes that share the work',
  }),
});

/** Which documents are left out: by `textFiles`, and as part of `preprocess`. */
export const dedupOptions = options({
  dedup: choice(['exact'], {
    value: 'how',
    shown: 'all documents',
    decides: { through: 'cut' },
    help: 'leave out documents that occurred earlier in the input',
  }),
  dedupMemory: bytes({
    default: 2 ** 30,
    shown: '1 GiB, over 33 million documents',
    decides: false,
    requires: 'dedup',
    help: 'memory for recognizing documents, up to 32 bytes for each distinct one',
  }),
});

/** How the output is written. */
export const outputOptions = options({
  shardBytes: bytes({
    flag: 'shard-size',
    value: 'bytes',
    shown: '500MB',
    decides: 'shard size',
    help: 'end a shard of a dataset folder after the first unit of work (about 10 MB) that reaches this size',
  }),
  overwrite: flag({ decides: false, help: 'replace an existing output' }),
  takeOver: flag({
    decides: false,
    help: 'take over the output from a process on another machine that seems to be writing it',
  }),
  resume: flag({
    decides: false,
    excludes: 'overwrite',
    help: 'continue an interrupted run; its inputs and options need not be repeated',
  }),
});

/** The options of `preprocess`. */
export const preprocessOptions = options({
  ...rowOptions,
  ...readOptions,
  ...dedupOptions,
  ...outputOptions,
});

/** The options of `trainVocabulary`. */
export const vocabularyOptions = options({
  size: whole({
    default: 30_522,
    from: 1,
    value: 'tokens',
    help: 'entries of the vocabulary, special tokens included',
  }),
  lowercase: flag({
    default: true,
    flag: false,
    help: 'lowercase the text and strip its accents, as an uncased BERT does',
  }),
  minFrequency: whole({
    default: 2,
    from: 1,
    help: 'do not merge pairs that are rarer',
  }),
  limitAlphabet: whole({
    default: 1000,
    from: 1,
    flag: false,
    help: 'at most this many characters in the alphabet, the most frequent ones',
  }),
  maxWords: whole({
    default: 2_000_000,
    from: 1,
    flag: false,
    help: 'distinct words counted at once; the rarest are dropped when there are more',
  }),
});

/** Defaults for reading text. */
export const readDefaults = defaultsOf(readOptions);

/** Defaults for making rows. */
export const rowDefaults = defaultsOf(rowOptions);
