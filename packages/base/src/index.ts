// Errors
export { InputError, type MessageParts, mention, messageText, type OptionMention, say } from './errors.js';

// Files: outputs that appear whole or not at all
export { makeFolders } from './files/make-folders.js';
export { exists, moveUnlessThere } from './files/move.js';
export { checkTarget, isWithin, type Replaceable } from './files/replace.js';
