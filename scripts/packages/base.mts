// Writes a message whose options a command line spells as flags.
import assert from 'node:assert/strict';
import { InputError, mention, messageText, say } from '@mlm/base';

const error = new InputError(say`out.arrow exists already; use ${mention('overwrite')}`);
assert.equal(error.message, 'out.arrow exists already; use overwrite');
assert.equal(
  messageText(error.parts, (mention) => ('option' in mention ? `--${mention.option}` : mention.call)),
  'out.arrow exists already; use --overwrite',
);
