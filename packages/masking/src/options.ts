import { choice, options, real, whole } from '@mlm/base/options';

/** How tokens are selected and replaced: what `preprocess` records in a dataset, whatever its tokenizer. */
export const maskingOptions = options({
  probability: real({
    default: 0.15,
    to: 1,
    flag: 'mask-probability',
    value: 'p',
    help: 'the chance of a token to be masked',
  }),
  replace: choice(['mask', 'bert'], {
    default: 'mask',
    value: 'how',
    help: 'masked tokens become [MASK], or 80 % [MASK], 10 % random, 10 % kept',
  }),
  labels: choice(['masked', 'all'], {
    default: 'masked',
    value: 'which',
    help: 'labels at the masked tokens only (-100 elsewhere), or at all',
  }),
  seed: whole({
    default: 42,
    help: 'the seed of masking and of the choice of validation documents',
  }),
});
