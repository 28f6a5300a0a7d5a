import type { Mention, MessageParts } from '@mlm/base/errors';
import { messageText } from '@mlm/base/errors';
import { kebabCase, type Option, type OptionTable } from '@mlm/base/options';
import { maskingOptions } from '@mlm/masking/options';
import { preprocessOptions, shareOptions, vocabularyOptions } from '@mlm/tokenize/options';
import { trainOptions } from '@mlm/train/options';

/** The libraries' options, which their messages may mention. */
const libraryOptions: OptionTable = {
  ...vocabularyOptions,
  ...maskingOptions,
  ...shareOptions,
  ...preprocessOptions,
  ...trainOptions,
};

/** An option's name on the command line, without dashes. */
export function flagOf(
  name: string,
  option: Pick<Option, 'flag'> | undefined = libraryOptions[name],
): string {
  return option?.flag || kebabCase(name);
}

/** A library's message in the terms of the command line: options as flags, functions as commands. */
export function spell(parts: MessageParts, mlm = 'mlm'): string {
  return messageText(parts, (mention) => spellMention(mention, mlm));
}

function spellMention(mention: Mention, mlm: string): string {
  if ('option' in mention) return spellOption(mention.option, mention.value);
  const options = Object.entries(mention.options ?? {}).map(([name, value]) => spellOption(name, value));
  return [mlm, kebabCase(mention.call).replaceAll('-', ' '), ...options].join(' ');
}

function spellOption(name: string, value: string | number | boolean | undefined): string {
  const flag = `--${flagOf(name)}`;
  return value === undefined || value === true ? flag : `${flag} ${value}`;
}
