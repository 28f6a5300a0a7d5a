import type { MaskingSettings } from '@mlm/arrow/columns';
import { defined } from '@mlm/base/defined';
import { choice, flag, type Given, list, type Option, options, real, text, whole } from '@mlm/base/options';
import { replacementOf, replacements } from './replace/index.js';
import { selections } from './select/index.js';

const selectNames = Object.keys(selections);

/** A replacement, given by its name or by three shares. */
function replacement(help: string): Option<MaskingSettings['replace'], undefined> {
  return {
    ...text({ value: 'how', help }),
    default: undefined,
    expected: `${Object.keys(replacements).join(', ')}, or the shares of [MASK], random and kept tokens, such as 0.8,0.1,0.1`,
    accepts(value) {
      try {
        return replacementOf(value as MaskingSettings['replace']) !== undefined;
      } catch {
        return false;
      }
    },
    read(spelled) {
      const shares = spelled.split(',').map((share) => (share.trim() === '' ? Number.NaN : Number(share)));
      return shares.length === 3 ? ([shares[0]!, shares[1]!, shares[2]!] as const) : spelled;
    },
  };
}

const selectHelp = 'what is masked as a whole: tokens, words, n-grams or spans of words';
const replaceHelp =
  'what masked tokens become: [MASK]; or 80 % [MASK], 10 % random, 10 % kept; or shares of your own';

/**
 * Which tokens are masked and how they are replaced: the settings that `preprocess` records in a dataset, whatever its
 * tokenizer.
 */
export const maskingOptions = options({
  probability: real({
    default: 0.15,
    to: 1,
    flag: 'mask-probability',
    value: 'p',
    help: 'the probability that a token is masked',
  }),
  select: choice(selectNames, { default: 'token', value: 'what', help: selectHelp }),
  replace: { ...replacement(replaceHelp), default: 'mask' } as Option<
    MaskingSettings['replace'],
    MaskingSettings['replace']
  >,
  labels: choice(['masked', 'all'], {
    default: 'masked',
    value: 'which',
    help: 'labels for masked tokens only (-100 elsewhere), or for all tokens',
  }),
  exact_count: flag({
    help: 'mask round(p · tokens) of each row, at least one, as in BERT’s own data',
  }),
  min_masks: whole({
    default: 0,
    to: 2 ** 20,
    value: 'n',
    help: 'mask at least this many tokens of a row',
  }),
  max_masks: whole({
    from: 1,
    to: 2 ** 20,
    value: 'n',
    help: 'mask at most this many tokens of a row',
  }),
  dupe_factor: whole({
    default: 1,
    from: 1,
    to: 1000,
    value: 'n',
    help: 'write each row this many times, each time with new masks',
  }),
  stream_number: whole({
    default: 0,
    to: 2 ** 32 - 1,
    value: 'i',
    help: 'the number of this stream of the seed; each stream has its own masks',
  }),
  seed: whole({
    default: 42,
    help: 'the seed for masking and for choosing validation documents',
  }),
});

/** Additional tokens to protect, given as text; a tokenizer turns them into the ids of `protect`. */
export const protectOptions = options({
  protect: list({
    default: [],
    value: 'token',
    help: 'a token that is never masked and never a random replacement',
  }),
});

/** A resumed run compares the rule that these options make, which the dataset's own masks do not follow. */
const ofDynamicRule = {
  decides: { through: 'masking-rule' },
  requires: { option: 'masking', value: 'dynamic' },
};

/** Changes to the dataset's rule when masks are drawn anew during training; see {@link dynamicSettings}. */
export const dynamicOptions = options({
  select: choice(selectNames, { value: 'what', ...ofDynamicRule, help: selectHelp }),
  replace: { ...replacement(replaceHelp), ...ofDynamicRule },
  maskProbability: {
    ...text({
      value: 'p|from:to',
      ...ofDynamicRule,
      help: 'the probability that a token is masked; from:to changes it over training',
    }),
    expected: 'a number between 0 and 1, or two such as 0.3:0.15',
    accepts: (value: unknown) => probabilities(value) !== undefined,
  },
});

/** Parses `0.15`, or `0.3:0.15` for the first and the last probability. */
function probabilities(spelled: unknown): [first: number, last: number] | undefined {
  if (typeof spelled !== 'string') return undefined;
  const parts = spelled.split(':');
  const [first, last = first] = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const isShare = (share: number | undefined) => share !== undefined && share >= 0 && share <= 1;
  return parts.length <= 2 && isShare(first) && isShare(last) ? [first!, last!] : undefined;
}

/** The masking settings that {@link dynamicOptions} change; options not given change nothing. */
export function dynamicSettings({
  select,
  replace,
  maskProbability,
}: Given<typeof dynamicOptions>): Partial<MaskingSettings> {
  const range = probabilities(maskProbability);
  return defined({ select, replace, probability: range?.[0], final_probability: range?.[1] });
}
