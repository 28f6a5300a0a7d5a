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
import { refuseUnknown } from '@mlm/base/options';
import { type Graph, type InputSpec, toOnnx, trace } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import { type Checkpoint, configFile, readCheckpoint } from '../checkpoint/checkpoint.js';
import { findCheckpoint } from '../checkpoint/hub.js';
import { affine, noDropout } from '../models/layers.js';
import { exportOptions } from '../options.js';
import { accuracyOf, type Dtype, dtypes, parseDtypes, storageOf } from './dtypes.js';
import { tokenizerForPages } from './tokenizer.js';

/** Options of {@link exportOnnx}. */
export interface OnnxExportOptions extends Pick<WriteFolderOptions, 'takeOver'> {
  /** The files to write, separated by commas: `fp32`, `fp16`, `q8`, `q4`. Default `fp32,q8`. */
  dtype?: string;
  /** Masked rows on which to measure each file's accuracy. */
  dataset?: string | undefined;
  /** The branch, tag or commit of a model from the hub. Default main. */
  revision?: string | undefined;
  /** Replaces an existing folder that holds an earlier export and nothing else. Default false. */
  overwrite?: boolean;
  /** Ends the export between two of its steps with an AbortError; nothing is left behind. */
  signal?: AbortSignal;
}

/** What {@link exportOnnx} wrote. */
export interface OnnxExport {
  /** The new folder, under the name it was given. */
  folder: string;
  models: ExportedModel[];
  /** The tokenizer's files; empty if the checkpoint has no tokenizer. */
  tokenizer: string[];
}

/** One file of weights. */
export interface ExportedModel {
  dtype: Dtype;
  /** `model.onnx`, `model_quantized.onnx`, … in `onnx/`: the name that transformers.js expects for the dtype. */
  file: string;
  bytes: number;
  /** Share of the dataset's masked tokens predicted correctly, from 0 to 1; absent without a dataset. */
  accuracy?: number | undefined;
}

/**
 * Exports a checkpoint as ONNX into a new folder with the layout that transformers.js opens: config.json, the
 * tokenizer's files, and one file of weights per dtype in onnx/.
 * @throws InputError when the checkpoint is invalid, or the folder exists (with `overwrite`: when it is no export, or
 * holds the checkpoint)
 *
 * @example
 * ```ts
 * import { exportOnnx } from '@mlm/train';
 *
 * const { models } = await exportOnnx('out-bert-tiny', 'for-the-browser', { dtype: 'fp32,q8' });
 * ```
 */
export async function exportOnnx(
  checkpoint: string,
  folder: string,
  options: OnnxExportOptions = {},
): Promise<OnnxExport> {
  refuseUnknown(options, { ...exportOptions, signal: true });
  const { dtype = exportOptions.dtype.default, dataset, revision, signal } = options;
  const { overwrite = false, takeOver = false } = options;
  const wanted = parseDtypes(dtype);
  const target = { overwrite, takeOver, inputs: [checkpoint] };
  checkTarget(folder, exportFolder, target);
  const { folder: source } = await findCheckpoint(checkpoint, { revision });
  const [read, tokenizer] = [await readCheckpoint(source), await tokenizerForPages(source)];
  await turn(signal);
  const graph = onnxGraph(read.model);
  const models: ExportedModel[] = [];
  await writeFolder(folder, exportFolder, target, async (partial) => {
    await mkdir(join(partial, 'onnx'));
    for (const name of wanted) {
      await turn(signal);
      const bytes = onnxFile(graph, read, name);
      await writeFile(join(partial, 'onnx', dtypes[name].file), bytes);
      const accuracy =
        dataset === undefined ? undefined : await accuracyOf(read, name, { dataset, checkpoint, signal });
      models.push({
        dtype: name,
        file: dtypes[name].file,
        bytes: bytes.length,
        accuracy,
      });
    }
    for (const [name, text] of Object.entries(tokenizer)) await writeFile(join(partial, name), text);
    await writeFile(join(partial, configFile), read.model.formatConfig());
  });
  return { folder, models, tokenizer: Object.keys(tokenizer) };
}

/** Lets an interrupt be handled between two steps that block the thread. */
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

/** The model as the bytes of an .onnx file in float32, as {@link onnxGraph} builds it. */
export function onnxModel(checkpoint: Pick<Checkpoint, 'model' | 'weights'>): Uint8Array {
  return onnxFile(onnxGraph(checkpoint.model), checkpoint, 'fp32');
}

function onnxFile(
  { graph, inputs }: ReturnType<typeof onnxGraph>,
  { model, weights }: Pick<Checkpoint, 'model' | 'weights'>,
  dtype: Dtype,
): Uint8Array {
  const storage = storageOf(model, dtype);
  return toOnnx(graph, { values: weights, storage: (name) => storage.get(name), int64Inputs: inputs });
}

/**
 * The model from int64 `input_ids`, `attention_mask` and, where the model has several, `token_type_ids` to `logits`
 * [batch, sequence, vocabulary].
 */
function onnxGraph(model: Checkpoint['model']): { graph: Graph; inputs: string[] } {
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
        token_type_ids,
      };
      const hidden = model.encode(parameters, sequences, { dropout: noDropout });
      const { states, table, bias } = model.head(parameters, hidden);
      const logits = affine(states, table, bias);
      return { logits: tf.reshape(logits, [batch, sequence, model.limits.vocabulary]) };
    },
    { variables, inputs },
  );
  return { graph, inputs: Object.keys(inputs) };
}
