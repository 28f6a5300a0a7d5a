import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import {
  checkTarget,
  type Replaceable,
  tokenizerFileNames,
  type WriteFolderOptions,
  writeFolder,
} from '@mlm/base';
import { type InputSpec, toOnnx, trace } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import { type Checkpoint, configFile, readCheckpoint } from '../checkpoint/checkpoint.js';
import { checkpointFolder } from '../checkpoint/hub.js';
import { affine, noDropout } from '../models/layers.js';
import { tokenizerForPages } from './tokenizer.js';

/** How {@link exportOnnx} writes. */
export interface OnnxExportOptions extends Pick<WriteFolderOptions, 'takeOver'> {
  /** Replaces an existing folder that holds such an export and nothing else. Default false. */
  overwrite?: boolean;
  /** Ends the work with an AbortError between its steps; nothing is left behind. */
  signal?: AbortSignal;
}

/** What {@link exportOnnx} wrote. */
export interface OnnxExport {
  /** The new folder, as it was named. */
  folder: string;
  /** Size of its onnx/model.onnx in bytes. */
  bytes: number;
  /** The tokenizer's files; none where the checkpoint has no tokenizer. */
  tokenizer: string[];
}

/**
 * Writes a checkpoint as ONNX into a new folder in the layout that transformers.js opens (config.json, the tokenizer's
 * files, onnx/model.onnx), in single precision.
 * @throws InputError when the folder exists (with `overwrite`: and is no export, or holds the checkpoint), or the checkpoint is none
 */
export async function exportOnnx(
  checkpoint: string,
  folder: string,
  { overwrite = false, takeOver = false, signal }: OnnxExportOptions = {},
): Promise<OnnxExport> {
  const target = { overwrite, takeOver, inputs: [checkpoint] };
  checkTarget(folder, exportFolder, target);
  const source = await checkpointFolder(checkpoint);
  const [read, tokenizer] = [await readCheckpoint(source), await tokenizerForPages(source)];
  await turn(signal);
  const bytes = onnxModel(read);
  await turn(signal);
  await writeFolder(folder, exportFolder, target, async (partial) => {
    await mkdir(join(partial, 'onnx'));
    await writeFile(join(partial, 'onnx', 'model.onnx'), bytes);
    for (const [name, text] of Object.entries(tokenizer)) await writeFile(join(partial, name), text);
    await writeFile(join(partial, configFile), read.model.formatConfig());
  });
  return { folder, bytes: bytes.length, tokenizer: Object.keys(tokenizer) };
}

/** Lets an interrupt be heard between two steps that keep the thread. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}

const exportFolder: Replaceable & { kind: 'folder' } = {
  kind: 'folder',
  name: 'an ONNX export',
  marks: [configFile, 'onnx'],
  isPart: (path) =>
    path === configFile ||
    (tokenizerFileNames as readonly string[]).includes(path) ||
    /^onnx\/([^/]+\.onnx)?$/.test(path),
};

const ids: InputSpec = { shape: ['batch_size', 'sequence_length'], dtype: 'int32' };

/**
 * The model as the bytes of an .onnx file: int64 `input_ids`, `attention_mask` and, where the model has several,
 * `token_type_ids` in, `logits` [batch, sequence, vocabulary] out.
 */
export function onnxModel({ model, weights }: Pick<Checkpoint, 'model' | 'weights'>): Uint8Array {
  const variables = Object.fromEntries(model.parameters.map(({ name, shape }) => [name, { shape }]));
  const inputs = {
    input_ids: ids,
    attention_mask: ids,
    ...(model.limits.tokenTypes > 1 && { token_type_ids: ids }),
  };
  const graph = trace(
    (parameters, { input_ids, attention_mask, token_type_ids }) => {
      const [batch, sequence] = input_ids!.shape as [number, number];
      const sequences = {
        input_ids: input_ids!,
        attention_mask: tf.cast(attention_mask!, 'float32'),
        ...(token_type_ids && { token_type_ids }),
      };
      const hidden = model.encode(parameters, sequences, { dropout: noDropout });
      const { states, table, bias } = model.head(parameters, hidden);
      const logits = affine(states, table, bias);
      return { logits: tf.reshape(logits, [batch, sequence, model.limits.vocabulary]) };
    },
    { variables, inputs },
  );
  return toOnnx(graph, { values: weights, int64Inputs: Object.keys(inputs) });
}
