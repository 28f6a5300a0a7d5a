import { readDefaults } from '../options.js';
import type { Unit } from '../source/unit.js';
import { PartReader } from '../worker/read-unit.js';

/** How {@link unitTexts} reads. */
export interface UnitTextsOptions {
  /** Field of .jsonl records that holds the text. Default: `text`. */
  textField?: string | undefined;
}

/**
 * The texts of work units, for `trainVocabulary(unitTexts(textFiles(inputs)))`. A text holds until the next one is asked for.
 * @throws InputError when a file cannot be read or is no text.
 */
export async function* unitTexts(
  units: AsyncIterable<Unit>,
  { textField = readDefaults.textField }: UnitTextsOptions = {},
): AsyncGenerator<Uint8Array> {
  const reader = new PartReader(textField);
  for await (const unit of units) {
    for (const part of unit.parts) yield reader.read(part).bytes;
  }
}
