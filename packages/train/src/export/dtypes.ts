import { InputError, mention, say } from '@mlm/base/errors';
import { restoredValues, type Storage } from '@mlm/compile';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import type { Model } from '../models/model.js';
import { evaluateCheckpoint } from '../predict/evaluate.js';

/**
 * The dtypes of transformers.js that can be exported, and the file name that it expects for each. Only matrices are
 * stored in fewer bits; computation is in float32. `q4` keeps embeddings, which are more sensitive, in 8 bits.
 */
export const dtypes = {
  fp32: { file: 'model.onnx', embeddings: 'float32', matrices: 'float32' },
  fp16: { file: 'model_fp16.onnx', embeddings: 'float16', matrices: 'float16' },
  q8: { file: 'model_quantized.onnx', embeddings: 'int8', matrices: 'int8' },
  q4: { file: 'model_q4.onnx', embeddings: 'int8', matrices: 'int4' },
} as const satisfies Record<string, { file: string; embeddings: Storage; matrices: Storage }>;

export type Dtype = keyof typeof dtypes;

/**
 * Parses a list such as `fp32,q8`.
 * @throws InputError for an unknown dtype
 */
export function parseDtypes(list: string): Dtype[] {
  const names = list.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !Object.hasOwn(dtypes, name));
  if (unknown !== undefined) {
    throw new InputError(
      say`${mention('dtype')} has ${JSON.stringify(unknown)}, expected ${Object.keys(dtypes).join(', ')}, separated by commas`,
    );
  }
  return [...new Set(names as Dtype[])];
}

/** How each matrix of a model is stored in a file of a dtype. */
export function storageOf({ parameters }: Model, dtype: Dtype): Map<string, Storage> {
  const { embeddings, matrices } = dtypes[dtype];
  const stored = parameters.filter(({ shape }) => shape.length === 2);
  return new Map(stored.map(({ name, layer }) => [name, layer === 'embeddings' ? embeddings : matrices]));
}

/**
 * Share of a dataset's masked tokens that the model predicts correctly with the weights restored from a dtype, from 0
 * to 1.
 */
export async function accuracyOf(
  checkpoint: Checkpoint,
  dtype: Dtype,
  {
    dataset,
    checkpoint: model,
    signal,
  }: { dataset: string; checkpoint: string; signal: AbortSignal | undefined },
): Promise<number> {
  const storage = storageOf(checkpoint.model, dtype);
  const weights = new Map(
    checkpoint.model.parameters.map(({ name, shape }) => {
      const values = checkpoint.weights.get(name)!;
      const form = storage.get(name);
      return [name, form === undefined ? values : restoredValues(values, shape, form)];
    }),
  );
  const { accuracy } = await evaluateCheckpoint(async () => ({ ...checkpoint, weights }), {
    dataset,
    model,
    signal,
  });
  return accuracy;
}
