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
    help: 'the field or column that holds the text, a.b inside another (.jsonl, .json, .csv, .parquet, .arrow)',
  }),
  inputFormat: choice(formatNames, {
    value: 'name',
    shown: 'by the ends of file names',
    decides: { through: 'inputs' },
    help: 'what the inputs are, whatever their names say',
  }),
  onBadRecord: choice(['fail', 'skip'], {
    default: 'fail',
    value: 'what',
    decides: { through: 'inputs' },
    help: 'a record that cannot be read ends the run, or is left out and listed beside the output',
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
    help: 'fill rows with the text as it comes, or with whole documents, which training then keeps apart',
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
    help: 'a line longer than a row goes on in the next row, or is cut',
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
    help: 'what goes to validation: documents, or single rows, which also divides one document',
  }),
  splitBy: choice(['place', 'content'], {
    default: 'place',
    value: 'what',
    decides: { through: 'eval fraction' },
    requires: ['evalFraction', { option: 'evalBy', value: 'document' }],
    help: 'documents go to validation by where they stand in the input, or by what they say, equal ones together',
  }),
  seed: whole({
    default: 42,
    help: 'the seed of masking and of the choice of validation documents',
  }),
  limit: whole({
    value: 'rows',
    help: 'stop after this many rows',
  }),
  tokenizerFiles: flag({
    default: true,
    flag: 'no-tokenizer-files',
    decides: { through: 'tokenizer' },
    help: 'leave the tokenizer’s files (some 0.8 MB) out of the output; training then names the tokenizer',
  }),
  workers: whole({
    to: 1024,
    shown: 'one per core',
    decides: false,
    help: 'worker threads; 0 works in the main thread',
  }),
});

/** How several processes share the work. */
export const shareOptions = options({
  rank: wholeOrSlurmArray({
    value: 'i',
    shown: 'from the job’s environment',
    decides: { through: 'share' },
    help: 'which part of the work this process does; slurm-array: the one of its array task',
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
    help: 'leave out each document that stood in the input before',
  }),
  dedupMemory: bytes({
    default: 2 ** 30,
    shown: '1 GiB, over 33 million documents',
    decides: false,
    requires: 'dedup',
    help: 'the memory for what is known of documents, up to 32 bytes for each different one',
  }),
});

/** What becomes of the output. */
export const outputOptions = options({
  shardBytes: bytes({
    flag: 'shard-size',
    value: 'bytes',
    shown: '500MB',
    decides: 'shard size',
    help: 'a shard of a dataset folder ends with the first unit of work (some 10 MB) after so many bytes',
  }),
  overwrite: flag({ decides: false, help: 'replace an existing output' }),
  takeOver: flag({
    decides: false,
    help: 'take the output from a process on another machine that seems to be writing it',
  }),
  resume: flag({
    decides: false,
    excludes: 'overwrite',
    help: 'go on with an interrupted run of the same inputs and options',
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
    help: 'leave out pairs that are rarer',
  }),
  limitAlphabet: whole({
    default: 1000,
    from: 1,
    flag: false,
    help: 'characters in the alphabet at most, the most frequent ones',
  }),
  maxWords: whole({
    default: 2_000_000,
    from: 1,
    flag: false,
    help: 'distinct words counted at a time; the rarest are forgotten when a text brings more',
  }),
});

/** How text is read where nothing else is said. */
export const readDefaults = defaultsOf(readOptions);

/** How rows are made where nothing else is said. */
export const rowDefaults = defaultsOf(rowOptions);
