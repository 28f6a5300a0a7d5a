import type { MaskingSettings, TokenizerMetadata } from '@mlm/arrow/columns';
import { defined } from '@mlm/base/defined';
import { InputError, mention, OptionError, say } from '@mlm/base/errors';
import { defaultsOf, refuseUnknown, settingsOf } from '@mlm/base/options';
import { maskingOptions } from './options.js';
import { namedReplacement, replacementOf } from './replace/index.js';
import { selectionOf } from './select/index.js';
import { BEGINS, CONTINUES, PROTECTED } from './select/words.js';

export type { MaskingSettings };

/** Default settings: the rule of Devlin et al. (2018), but with every masked token replaced by [MASK]. */
export const maskingDefaults: MaskingSettings = defaultsOf(maskingOptions);

/** What masking needs to know about a tokenizer; one loaded by `@mlm/tokenize` provides it. */
export interface MaskableTokenizer {
  /** All ids are below this. */
  readonly vocabularySize: number;
  /** [MASK], and [PAD]: positions that hold it after a row's last token are padding. */
  readonly specialIds: { readonly mask: number; readonly pad: number };
  /** Ids that are never masked and never drawn as a random id. [MASK] and [PAD] are always protected. */
  readonly protectedIds: readonly number[];
  /** 1 for an id that begins a word, 0 for one that continues it; needed if words are masked as a whole. */
  readonly wordStarts?: Uint8Array | undefined;
}

/** The tokenizer as a dataset's metadata describes it. */
export type DescribedTokenizer = Pick<
  TokenizerMetadata,
  'vocabulary_size' | 'special_ids' | 'protected_ids' | 'word_starts'
>;

/** Settings and lookup tables for masking rows of ids. Survives structured cloning. */
export interface MaskingRule {
  /** The settings that a dataset's metadata records; those at their defaults are left out. */
  readonly settings: MaskingSettings;
  readonly maskId: number;
  readonly padId: number;
  readonly vocabularySize: number;
  /** 1 for a protected id, 0 for any other id of the vocabulary. */
  readonly isProtected: Uint8Array;
  /**
   * The class of each id in the selection: protected, or the beginning or continuation of what is masked as a whole.
   */
  readonly classes: Uint8Array;
  /** The ids that a random replacement may draw, ascending; empty if the rule has no random replacements. */
  readonly randomIds: Int32Array;
}

/**
 * Makes a rule from settings and a tokenizer. This is the only constructor of rules.
 * @throws InputError naming the setting that is unknown or out of range
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const tokenizer = await loadTokenizer();
 * const rule = maskingRule(tokenizer, { ...maskingDefaults, select: 'whole-word', replace: 'bert' });
 * console.log(rule.settings);
 * ```
 */
export function maskingRule(
  tokenizer: MaskableTokenizer | DescribedTokenizer,
  given: MaskingSettings,
): MaskingRule {
  const settings = completeSettings(given);
  const described = describe(tokenizer);
  const { vocabularySize, specialIds, protectedIds } = described;
  if (!Number.isInteger(vocabularySize) || vocabularySize < 1 || vocabularySize > 0x7fff_ffff) {
    throw new InputError(`vocabulary size ${vocabularySize}: expected a whole number from 1 to 2147483647`);
  }
  const isProtected = new Uint8Array(vocabularySize);
  for (const id of [...protectedIds, ...(settings.protect ?? []), specialIds.mask, specialIds.pad]) {
    if (!Number.isInteger(id) || id < 0 || id >= vocabularySize) {
      throw new InputError(
        `protected id ${id}: expected an id of the vocabulary, 0 to ${vocabularySize - 1}`,
      );
    }
    isProtected[id] = 1;
  }
  const { of } = selectionOf(settings.select);
  // A tokenizer searches its vocabulary for them when asked.
  const wordStarts = of === 'words' ? described.wordStarts : undefined;
  if (of === 'words' && !wordStarts) {
    throw new InputError(
      say`${mention('select', settings.select)}: the tokenizer does not say which tokens begin a word`,
    );
  }
  const { random } = replacementOf(settings.replace);
  const randomIds = random > 0 ? unprotectedIds(isProtected) : new Int32Array(0);
  if (random > 0 && randomIds.length === 0) {
    throw new InputError(
      `replace "${settings.replace}": every id of the vocabulary is protected, none is left to draw from`,
    );
  }
  return {
    settings: withoutDefaults(settings),
    maskId: specialIds.mask,
    padId: specialIds.pad,
    vocabularySize,
    isProtected,
    classes: isProtected.map((kept, id) => {
      if (kept === 1) return PROTECTED;
      return of === 'tokens' || wordStarts![id] === 1 ? BEGINS : CONTINUES;
    }),
    randomIds,
  };
}

/** Fills in the defaults. */
function completeSettings(given: MaskingSettings): MaskingSettings {
  refuseUnknown(given, { ...maskingOptions, protect: true, final_probability: true });
  const { protect, final_probability, ...others } = given;
  const settings = { ...settingsOf(maskingOptions, others), protect, final_probability };
  settingsOf(maskingOptions, { probability: final_probability });
  const { min_masks, max_masks } = settings;
  if (max_masks !== undefined && max_masks < min_masks) {
    throw new OptionError(
      say`${mention('max_masks')} is ${max_masks}, expected at least ${mention('min_masks', min_masks)}`,
    );
  }
  return settings;
}

/** The settings in the order of the metadata; those at their defaults are left out, except the first four. */
function withoutDefaults(settings: MaskingSettings): MaskingSettings {
  const { probability, replace, labels, seed, select, exact_count, min_masks, max_masks } = settings;
  const { protect = [], dupe_factor = 1, stream_number = 0, final_probability = probability } = settings;
  return defined({
    probability,
    replace: namedReplacement(replace),
    labels,
    seed,
    select: select === 'token' ? undefined : select,
    exact_count: exact_count || undefined,
    min_masks: min_masks || undefined,
    max_masks,
    protect: protect.length > 0 ? [...new Set(protect)].sort((a, b) => a - b) : undefined,
    dupe_factor: dupe_factor > 1 ? dupe_factor : undefined,
    stream_number: stream_number || undefined,
    final_probability: final_probability === probability ? undefined : final_probability,
  });
}

function describe(tokenizer: MaskableTokenizer | DescribedTokenizer): MaskableTokenizer {
  if (!('special_ids' in tokenizer)) return tokenizer;
  const { special_ids, protected_ids, vocabulary_size, word_starts } = tokenizer;
  return {
    vocabularySize: vocabulary_size,
    specialIds: special_ids,
    protectedIds: protected_ids,
    wordStarts: word_starts === undefined ? undefined : unpackBits(word_starts, vocabulary_size),
  };
}

/** Unpacks the bits of `word_starts`, one byte each. */
function unpackBits(text: string, count: number): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== (count + 7) >>> 3) {
    throw new InputError(`word_starts of the tokenizer: expected ${count} bits, found ${bytes.length} bytes`);
  }
  return Uint8Array.from({ length: count }, (_, id) => (bytes[id >>> 3]! >>> (id & 7)) & 1);
}

function unprotectedIds(isProtected: Uint8Array): Int32Array {
  const ids = new Int32Array(isProtected.length);
  let count = 0;
  for (let id = 0; id < isProtected.length; id++) if (isProtected[id] === 0) ids[count++] = id;
  return ids.subarray(0, count);
}

/**
 * The rule at a point of training, from 0 (beginning) to 1 (end), between which the probability changes linearly.
 *
 * @example
 * ```ts
 * import { maskingDefaults, maskingRule, ruleAt } from '@mlm/masking';
 * import { loadTokenizer } from '@mlm/tokenize';
 *
 * const rule = maskingRule(await loadTokenizer(), { ...maskingDefaults, probability: 0.3, final_probability: 0.15 });
 * console.log(ruleAt(rule, 0.5).settings.probability); // 0.225
 * ```
 */
export function ruleAt(rule: MaskingRule, progress: number): MaskingRule {
  const { final_probability, ...settings } = rule.settings;
  if (final_probability === undefined) return rule;
  const { probability } = settings;
  const now = probability + (final_probability - probability) * Math.min(1, Math.max(0, progress));
  return { ...rule, settings: { ...settings, probability: now } };
}

/**
 * The version of the dataset format for these settings: 2 if a reader of version 1 would misread them.
 *
 * @example
 * ```ts
 * import { formatVersion } from '@mlm/masking';
 *
 * formatVersion({ probability: 0.15, replace: 'bert', labels: 'masked', seed: 42 }); // 1
 * ```
 */
export function formatVersion({ probability, replace, labels, seed, ...more }: MaskingSettings): 1 | 2 {
  return typeof replace === 'string' && Object.keys(more).length === 0 ? 1 : 2;
}

/**
 * Whether words are masked as a whole, for which the tokenizer must know where they begin.
 *
 * @example
 * ```ts
 * import { maskingDefaults, masksWords } from '@mlm/masking';
 *
 * console.log(masksWords({ ...maskingDefaults, select: 'span' })); // true
 * ```
 */
export function masksWords({ select }: MaskingSettings): boolean {
  return selectionOf(select).of === 'words';
}

/**
 * The largest share of a row's positions that have a label, from 0 to 1.
 *
 * @example
 * ```ts
 * import { maskedShare, maskingDefaults } from '@mlm/masking';
 *
 * console.log(maskedShare({ ...maskingDefaults, probability: 0.3, final_probability: 0.15 })); // 0.3
 * ```
 */
export function maskedShare({ labels, probability, final_probability = 0 }: MaskingSettings): number {
  return labels === 'all' ? 1 : Math.max(probability, final_probability);
}

/**
 * The settings as a readable line: `probability 0.15, replace mask, …`.
 *
 * @example
 * ```ts
 * import { describeSettings, maskingDefaults } from '@mlm/masking';
 *
 * console.log(describeSettings(maskingDefaults)); // probability 0.15, replace mask, …
 * ```
 */
export function describeSettings(settings: MaskingSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name.replaceAll('_', ' ')} ${value}`)
    .join(', ');
}
