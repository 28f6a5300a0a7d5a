import type { Split } from '@mlm/arrow/columns';

/** Which documents go to validation. */
export interface SplitRule {
  /** Share of the documents that goes to validation, 0 to 1. */
  evalFraction: number;
  seed: number;
}

/**
 * Draws a document's split from the seed, its file's ordinal and the byte offset of its start alone, so that all its
 * pieces get the same split, in whichever unit or run they are read.
 */
export function splitOf(rule: SplitRule, file: number, documentStart: number): Split {
  if (rule.evalFraction <= 0) return 'train';
  let hash = mix(rule.seed >>> 0);
  hash = mix(hash ^ Math.floor(rule.seed / 2 ** 32));
  hash = mix(hash ^ file);
  hash = mix(hash ^ (documentStart >>> 0));
  hash = mix(hash ^ Math.floor(documentStart / 2 ** 32));
  return hash < rule.evalFraction * 2 ** 32 ? 'validation' : 'train';
}

/** The finalizer of MurmurHash3 (32 bits) after an offset: every bit of the input affects every bit of the output. */
function mix(value: number): number {
  let hash = (value + 0x9e3779b9) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
