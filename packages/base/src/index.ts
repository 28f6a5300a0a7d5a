// Errors that a user can mend

export {
  type CallMention,
  call,
  InputError,
  type Mention,
  type MessageParts,
  mention,
  messageText,
  OptionError,
  type OptionMention,
  say,
} from './errors.js';

// Outputs that appear whole or not at all

export {
  checkWorkingFolder,
  replaceFolder,
  restoreFolder,
  type WriteFolderOptions,
  writeFolder,
} from './files/folder.js';
export { makeFolders } from './files/make-folders.js';
export { exists, moveUnlessThere } from './files/move.js';
export { type CompanionMove, type Move, publish } from './files/publish.js';
export { readAt, readError } from './files/read.js';
export { checkTarget, isWithin, type Replaceable, refuseUrl } from './files/replace.js';
export { writeWhole } from './files/whole.js';
export { writeError } from './files/write-error.js';

// Outputs that stay after a power loss

export { syncFile, syncFolder, syncName, syncTree } from './files/durable.js';

// Outputs with one writer

export { type LockOptions, lockOutput, OutputLock } from './files/lock.js';

// Launchers: whether torchrun, srun or mpirun started several processes

export { type LauncherVariables, launcherVariables, severalProcesses } from './launchers.js';

// Properties that may be absent

export { type Defined, defined } from './defined.js';

// Shapes of tensors

export { elementCount } from './shape.js';

// A tokenizer's files

export { checkTokenizerFiles, tokenizerFileNames } from './tokenizer-files.js';
