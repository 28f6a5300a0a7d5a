import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { type ComponentJson, isObject } from '../tokenizer/tokenizer-json.js';
import { characterClasses } from '../unicode/patterns.js';

/**
 * Expressions by which existing tokenizers split text, under their names in assembly/bpe/split.ts. Each covers a text
 * completely, so nothing is between two matches.
 */
export const SPLIT_PATTERNS = {
  /** Llama 3 and cl100k of tiktoken: at most three digits together. */
  llama3:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  /** Qwen 2: each digit by itself. */
  qwen2:
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
} as const;

export type SplitPattern = keyof typeof SPLIT_PATTERNS;

/**
 * The one of {@link SPLIT_PATTERNS} that a `Split` pre-tokenizer has.
 * @throws InputError for any other expression, or another behaviour than `Isolated`
 */
export function splitPattern(json: ComponentJson, name: string): SplitPattern {
  const source = isObject(json.pattern) ? json.pattern.Regex : undefined;
  const found = Object.entries(SPLIT_PATTERNS).find(([, pattern]) => pattern === source);
  if (found === undefined)
    throw new InputError(
      `${name}: its pre-tokenizer Split with the pattern ${shown(source ?? json.pattern, '')} is not supported`,
    );
  if (json.behavior !== 'Isolated' || json.invert === true)
    throw new InputError(
      `${name}: its pre-tokenizer Split behaves as ${shown(json.behavior, '')}, which is not supported`,
    );
  return found[0] as SplitPattern;
}

/** Splits a text by one of the patterns, with the reference's classes of characters. */
export function splitter(pattern: SplitPattern): (text: string) => string[] {
  const l = characterClasses.letter();
  const n = characterClasses.number();
  const s = '\\p{White_Space}';
  const digits = pattern === 'llama3' ? `[${n}]{1,3}` : `[${n}]`;
  const words = new RegExp(
    // Ignoring case, the long s is an s too.
    `'[sSſtTmMdD]|'[rR][eE]|'[vV][eE]|'[lL][lL]|[^\\r\\n${l}${n}]?[${l}]+|${digits}| ?[^${s}${l}${n}]+[\\r\\n]*|${s}*[\\r\\n]+|${s}+(?!\\P{White_Space})|${s}+`,
    'gu',
  );
  return (text) => text.match(words) ?? [];
}
