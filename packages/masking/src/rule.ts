import type { MaskingSettings, TokenizerMetadata } from '@mlm/arrow/columns';
import { InputError } from '@mlm/base/errors';
import { defaultsOf, settingsOf } from '@mlm/base/options';
import { maskingOptions } from './options.js';
import { replacements } from './replace/index.js';

export type { MaskingSettings };

/** What the commands mask by where nothing else is asked for: the rule of Devlin et al. (2018), [MASK] everywhere. */
export const maskingDefaults: MaskingSettings = defaultsOf(maskingOptions);

/** What masking needs to know of a tokenizer: one that `@mlm/tokenize` loaded has it. */
export interface MaskableTokenizer {
  /** Ids are below this. */
  readonly vocabularySize: number;
  /** [MASK], and [PAD]: positions that hold it after a row's last token are padding. */
  readonly specialIds: { readonly mask: number; readonly pad: number };
  /** Ids never masked and never drawn as a random id. [MASK] and [PAD] are protected in any case. */
  readonly protectedIds: readonly number[];
}

/** The tokenizer as a dataset's metadata describes it. */
export type DescribedTokenizer = Pick<TokenizerMetadata, 'vocabulary_size' | 'special_ids' | 'protected_ids'>;

/** How input_ids become a masked-language-model exercise: settings and lookup tables. Survives structured cloning. */
export interface MaskingRule {
  /** What a dataset's metadata states of the rule. */
  readonly settings: MaskingSettings;
  readonly maskId: number;
  readonly padId: number;
  readonly vocabularySize: number;
  /** 1 for a protected id, 0 for any other id of the vocabulary. */
  readonly isProtected: Uint8Array;
  /** The ids that a random replacement may take, ascending; none where the rule has no random replacements. */
  readonly randomIds: Int32Array;
}

/**
 * The rule that the settings state for ids of a tokenizer: the only way to make one.
 * @throws InputError naming the setting that is out of range
 */
export function maskingRule(
  tokenizer: MaskableTokenizer | DescribedTokenizer,
  settings: MaskingSettings,
): MaskingRule {
  const { probability, replace, labels, seed } = settingsOf(maskingOptions, settings);
  const replacement = replacements[replace];
  const { vocabularySize, maskId, padId, protectedIds } = describe(tokenizer);
  if (!Number.isInteger(vocabularySize) || vocabularySize < 1 || vocabularySize > 0x7fff_ffff) {
    throw new InputError(`vocabulary size ${vocabularySize}: expected a whole number from 1 to 2147483647`);
  }
  const isProtected = new Uint8Array(vocabularySize);
  for (const id of [...protectedIds, maskId, padId]) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new InputError(
        `protected id ${id}: expected an id of the vocabulary, 0 to ${vocabularySize - 1}`,
      );
    }
    isProtected[id] = 1;
  }
  const randomIds = replacement.random > 0 ? unprotectedIds(isProtected) : new Int32Array(0);
  if (replacement.random > 0 && randomIds.length === 0) {
    throw new InputError(
      `replace "${replace}": every id of the vocabulary is protected, none is left to draw from`,
    );
  }
  return {
    settings: { probability, replace, labels, seed },
    maskId,
    padId,
    vocabularySize,
    isProtected,
    randomIds,
  };
}

function describe(tokenizer: MaskableTokenizer | DescribedTokenizer) {
  if ('special_ids' in tokenizer) {
    const { special_ids, protected_ids, vocabulary_size } = tokenizer;
    return {
      maskId: special_ids.mask,
      padId: special_ids.pad,
      protectedIds: protected_ids,
      vocabularySize: vocabulary_size,
    };
  }
  const { specialIds, protectedIds, vocabularySize } = tokenizer;
  return { maskId: specialIds.mask, padId: specialIds.pad, protectedIds, vocabularySize };
}

function unprotectedIds(isProtected: Uint8Array): Int32Array {
  const ids = new Int32Array(isProtected.length);
  let count = 0;
  for (let id = 0; id < isProtected.length; id++) if (isProtected[id] === 0) ids[count++] = id;
  return ids.subarray(0, count);
}

/** Share of a row's positions that have a label. */
export function labelledShare({ labels, probability }: MaskingSettings): number {
  return labels === 'all' ? 1 : probability;
}

/** The settings as a line to read: `probability 0.15, replace mask, …`. */
export function describeSettings(settings: MaskingSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
    .join(', ');
}
