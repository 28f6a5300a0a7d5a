import { readDefaults } from '../options.js';
import type { Unit } from '../source/unit.js';
import { PartReader, type SkippedRecords } from '../worker/read-unit.js';

/** How {@link unitTexts} reads. */
export interface UnitTextsOptions {
  /** Field of .jsonl records that holds the text. Default: `text`. */
  textField?: string | undefined;
  /** Whether a record that cannot be read ends the work or is left out. Default: `fail`. */
  onBadRecord?: 'fail' | 'skip' | undefined;
  /** Called with the records that a unit has left out. Default: they are left out silently. */
  onSkipped?: ((unit: number, skipped: readonly SkippedRecords[]) => void) | undefined;
}

/**
 * The texts of work units, for `trainVocabulary(unitTexts(textFiles(inputs)))`. A text holds until the next one is asked for.
 * @throws InputError when a file cannot be read or is no text.
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
    for (const part of unit.parts) yield reader.read(part).bytes;
    const skipped = reader.takeSkipped();
    if (skipped.length > 0) onSkipped?.(unit.number, skipped);
  }
}
