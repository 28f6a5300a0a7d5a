import { InputError } from '@mlm/base/errors';
import { LAST_EPOCH } from '../random/counter.js';

/** How input_ids become a masked-language-model exercise. */
export interface MaskingRule {
  /** Chance of an unprotected token to be selected, 0 to 1; default of the commands 0.15. */
  readonly probability: number;
  /** `mask` puts [MASK] on every selected token; `bert` on 80 %, a random id on 10 %, and keeps 10 % (Devlin et al., 2018). */
  readonly replace: 'mask' | 'bert';
  /** `masked`: the original id where selected, else -100. `all`: a full copy of the original; padding -100. */
  readonly labels: 'masked' | 'all';
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** Id of [MASK]. */
  readonly maskId: number;
  /** Ids never selected and never drawn as a random id. [MASK] and [PAD] are protected in any case. */
  readonly protectedIds: readonly number[];
  /** Id of [PAD]; positions that hold it after a row's last token are padding: attention 0, label -100. */
  readonly padId: number;
  /** Ids are below this. */
  readonly vocabularySize: number;
}

/** Label of a position that the loss leaves out. */
export const IGNORED_LABEL = -100;

/** The rule with its lookup tables. */
export interface PreparedRule extends MaskingRule {
  /** 1 for a protected id, 0 for any other id of the vocabulary. */
  readonly isProtected: Uint8Array;
  /** The ids that a random replacement may take, ascending; none where the rule has no random replacements. */
  readonly randomIds: Int32Array;
}

/**
 * Checks a rule and builds its tables.
 * @throws InputError naming the option that is out of range.
 */
export function prepareRule(rule: MaskingRule): PreparedRule {
  let prepared = preparedRules.get(rule);
  if (!prepared) {
    prepared = buildTables(rule);
    preparedRules.set(rule, prepared);
  }
  return prepared;
}

/** A rule serves many batches; its tables are built once. */
const preparedRules = new WeakMap<MaskingRule, PreparedRule>();

function buildTables(rule: MaskingRule): PreparedRule {
  const { probability, replace, labels, seed, maskId, padId, vocabularySize, protectedIds } = rule;
  if (!(probability >= 0 && probability <= 1)) {
    throw new InputError(`mask probability ${probability}: expected a number from 0 to 1`);
  }
  if (replace !== 'mask' && replace !== 'bert') {
    throw new InputError(`replace "${replace}": expected "mask" or "bert"`);
  }
  if (labels !== 'masked' && labels !== 'all') {
    throw new InputError(`labels "${labels}": expected "masked" or "all"`);
  }
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new InputError(`seed ${seed}: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`);
  }
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
  const randomIds = replace === 'bert' ? unprotectedIds(isProtected) : NONE;
  if (replace === 'bert' && randomIds.length === 0) {
    throw new InputError(
      'replace "bert": every id of the vocabulary is protected, none is left to draw from',
    );
  }
  return { ...rule, isProtected, randomIds };
}

const NONE = new Int32Array(0);

function unprotectedIds(isProtected: Uint8Array): Int32Array {
  const ids = new Int32Array(isProtected.length);
  let count = 0;
  for (let id = 0; id < isProtected.length; id++) if (isProtected[id] === 0) ids[count++] = id;
  return ids.subarray(0, count);
}

/** @throws InputError when the epoch does not fit the draws' counter. */
export function checkEpoch(epoch: number): void {
  if (!Number.isInteger(epoch) || epoch < 0 || epoch > LAST_EPOCH) {
    throw new InputError(`epoch ${epoch}: expected a whole number from 0 to ${LAST_EPOCH}`);
  }
}
