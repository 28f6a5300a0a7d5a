import { readDefaults } from '../options.js';
import type { Unit } from '../source/unit.js';
import { PartReader, type SkippedRecords } from '../worker/read-unit.js';

/** Options of {@link unitTexts}. */
export interface UnitTextsOptions {
  /** Field of .jsonl records that holds the text. Default: `text`. */
  textField?: string | undefined;
  /** Whether an unreadable record ends the run or is left out. Default: `fail`. */
  onBadRecord?: 'fail' | 'skip' | undefined;
  /** Called with the records that a unit left out. Default: they are left out silently. */
  onSkipped?: ((unit: number, skipped: readonly SkippedRecords[]) => void) | undefined;
}

/**
 * The texts of work units, for `trainVocabulary(unitTexts(textFiles(inputs)))`. A text is valid until the next one is
 * requested.
 * @throws InputError if a file cannot be read or is not text
 *
 * @example
 * ```ts
 * import { textFiles, unitTexts } from '@mlm/tokenize';
 *
 * let bytes = 0;
 * for await (const text of unitTexts(textFiles(['corpus/']))) bytes += text.length;
 * ```
 */
export async function* unitTexts(
  units: AsyncIterable<Unit>,
  { textField = readDefaults.textField, onBadRecord, onSkipped }: UnitTextsOptions = {},
): AsyncGenerator<Uint8Array> {
  const reader = new PartReader(textField, onBadRecord === 'skip');
  for await (const unit of units) {
    for (const part of unit.parts) yield (await reader.read(part)).bytes;
    const skipped = reader.takeSkipped();
    if (skipped.length > 0) onSkipped?.(unit.number, skipped);
  }
}
