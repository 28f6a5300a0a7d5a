import type { DatasetMetadata } from '@mlm/arrow';
import type { BrokenLaw, FoundColumns } from './laws.js';

/**
 * Checks `document_starts` of rows that keep documents apart: a row's documents must follow one another from its first
 * token to its last, each from [CLS] to [SEP].
 * @returns the first broken law of each row, for at most `most` rows
 */
export function mixedDocuments(
  { input_ids, document_starts }: FoundColumns,
  metadata: DatasetMetadata | undefined,
  most: number,
): BrokenLaw[] {
  const isStated = metadata?.cut.pack === 'documents';
  if (!document_starts) {
    const message = 'there is no column "document_starts", but the metadata states rows of whole documents';
    return isStated && input_ids.offsets.length > 1 ? [{ row: 0, position: 0, message }] : [];
  }
  const special = isStated ? metadata.tokenizer.special_ids : undefined;
  const broken: BrokenLaw[] = [];
  for (let row = 0; row < input_ids.offsets.length - 1 && broken.length < most; row++) {
    const rowOf = ({ values, offsets }: typeof input_ids) => values.subarray(offsets[row], offsets[row + 1]);
    const problem = problemOf(rowOf(input_ids), rowOf(document_starts), special);
    if (problem) broken.push({ row, ...problem });
  }
  return broken;
}

function problemOf(
  ids: Int32Array,
  starts: Int32Array,
  special: DatasetMetadata['tokenizer']['special_ids'] | undefined,
): Omit<BrokenLaw, 'row'> | undefined {
  let tokens = ids.length;
  while (special && tokens > 0 && ids[tokens - 1] === special.pad) tokens--;
  if (starts[0] !== 0)
    return { position: 0, message: `document_starts begins with ${starts[0] ?? 'nothing'}, expected 0` };
  for (const [i, start] of starts.entries()) {
    const end = starts[i + 1] ?? tokens;
    if (end <= start || end > tokens)
      return {
        position: start,
        message: `document_starts has ${start} before ${end}, expected ascending positions of the row's ${tokens} tokens`,
      };
    if (special && ids[start] !== special.cls)
      return { position: start, message: `a document begins with ${ids[start]}, expected [CLS]` };
    if (special && ids[end - 1] !== special.sep)
      return { position: end - 1, message: `a document ends with ${ids[end - 1]}, expected [SEP]` };
  }
  return undefined;
}
