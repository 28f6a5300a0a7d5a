import { foreignOptions } from './foreign.generated.js';

/** Common short forms of names in the table. */
const otherNames: Record<string, string> = {
  lr: 'learning_rate',
  num_epochs: 'num_train_epochs',
  max_length: 'max_seq_length',
  block_size: 'max_seq_length',
  train_batch_size: 'per_device_train_batch_size',
  grad_accum: 'gradient_accumulation_steps',
  gradient_accumulation: 'gradient_accumulation_steps',
  mlm_prob: 'mlm_probability',
  wwm: 'whole_word_mask',
  fp16: 'fp16',
  val_split: 'validation_split_percentage',
};

/**
 * The equivalent of an option of run_mlm.py, its data collator or TrainingArguments, from the table in
 * docs/coming-from-run-mlm.md; `undefined` for other names.
 */
export function hintFor(name: string): string | undefined {
  const spelled = name.replaceAll('-', '_');
  const known = otherNames[spelled] ?? spelled;
  const row = Object.hasOwn(foreignOptions, known) ? foreignOptions[known] : undefined;
  if (row === undefined) return undefined;
  const here = row.replaceAll(/ –(?=;|$)/g, ' is not in mlm');
  return here.startsWith('–')
    ? `not in mlm${here.slice(1).trim() === '' ? '' : ` (${here.replace(/^–\s*;?\s*/, '')})`}`
    : `in mlm ${here}`;
}
