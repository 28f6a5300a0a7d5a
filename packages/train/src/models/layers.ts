import { defined } from '@mlm/base/defined';
import { dropoutMask } from '@mlm/compile';
import * as tf from '@tensorflow/tfjs-core';
import type { Dropout, ModelTensors, Parameter, Sequences } from './model.js';

interface Differentiable {
  value: tf.Tensor;
  /** Tensors that the gradient needs, handed back to it. */
  saved: tf.Tensor[];
  gradient: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.Tensor[];
}

/**
 * A function with its own gradient, one tensor per input. The gradients that tfjs derives keep more tensors and make
 * more passes over memory.
 */
export function withGradient(
  inputs: tf.Tensor[],
  forward: (inputs: tf.Tensor[]) => Differentiable,
): tf.Tensor {
  const operation = tf.customGrad((...given) => {
    const save = given.at(-1) as (tensors: tf.Tensor[]) => void;
    const { value, saved, gradient } = forward(given.slice(0, -1) as tf.Tensor[]);
    save(saved);
    return { value, gradFunc: gradient };
  });
  return operation(...inputs);
}

/**
 * x · weightᵀ + bias, with x [rows, in], and `<name>.weight` [out, in] as in torch.nn.Linear. Without `<name>.bias`, no
 * bias is added.
 */
export function linear(x: tf.Tensor, tensors: ModelTensors, name: string): tf.Tensor {
  const [weight, bias] = [tensors[`${name}.weight`]!, tensors[`${name}.bias`]];
  return bias ? affine(x, weight, bias) : tf.matMul(x, weight, false, true);
}

/** x · weightᵀ + bias. */
export function affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  return tf.add(tf.matMul(x, weight, false, true), bias);
}

/** The weight, normally distributed, and the bias, 0, of {@link linear}. */
export function linearParameters(
  name: string,
  shape: readonly [output: number, input: number],
  deviation: number,
  layer: Parameter['layer'],
): Parameter[] {
  return [
    { name: `${name}.weight`, shape, init: { normal: deviation }, decays: true, layer },
    biasParameter(`${name}.bias`, shape[0], layer),
  ];
}

/** A bias, 0 at first. */
export function biasParameter(name: string, size: number, layer: Parameter['layer']): Parameter {
  return { name, shape: [size], init: 'zeros', decays: false, layer };
}

/** The rows of a table [vocabulary, width] at `ids` [batch, sequence]: [batch, sequence, width]. */
export function lookUp(table: tf.Tensor, ids: tf.Tensor): tf.Tensor {
  const [batch, sequence] = ids.shape as [number, number];
  const rows = tf.gather(table, tf.reshape(ids, [batch * sequence]));
  return tf.reshape(rows, [batch, sequence, table.shape[1]!]);
}

/** An embedding table, normally distributed. @param zeroRow the padding id, whose row starts as 0 */
export function embeddingParameter(
  name: string,
  shape: readonly [rows: number, width: number],
  deviation: number,
  zeroRow?: number,
): Parameter {
  const init = defined({ normal: deviation, zeroRow });
  return { name, shape, init, decays: true, layer: 'embeddings' };
}

/**
 * Layer normalization (Ba et al. 2016, arXiv:1607.06450) of x [rows, features] with `<name>.weight` and, if the model
 * has one, `<name>.bias`.
 */
export function layerNorm(x: tf.Tensor, tensors: ModelTensors, name: string, epsilon: number): tf.Tensor {
  const weight = tensors[`${name}.weight`]!;
  const bias = tensors[`${name}.bias`];
  return withGradient([x, weight, ...(bias ? [bias] : [])], ([x, weight, bias]) => {
    const centered = tf.sub(x!, tf.mean(x!, -1, true));
    const variance = tf.mean(tf.square(centered), -1, true);
    const deviation = tf.rsqrt(tf.add(variance, epsilon));
    const normalized = tf.mul(centered, deviation);
    return {
      value: bias ? tf.add(tf.mul(normalized, weight!), bias) : tf.mul(normalized, weight!),
      saved: [normalized, deviation, weight!],
      gradient: (dy, [normalized, deviation, weight]) => {
        const scaled = tf.mul(dy, weight!);
        const mean = tf.mean(scaled, -1, true);
        const projection = tf.mean(tf.mul(scaled, normalized!), -1, true);
        const dx = tf.mul(deviation!, tf.sub(tf.sub(scaled, mean), tf.mul(normalized!, projection)));
        const dWeight = tf.sum(tf.mul(dy, normalized!), 0);
        return bias ? [dx, dWeight, tf.sum(dy, 0)] : [dx, dWeight];
      },
    };
  });
}

/** The weight, 1, and the bias, 0, of {@link layerNorm}. */
export function normParameters(name: string, size: number, layer: Parameter['layer']): Parameter[] {
  return [
    { name: `${name}.weight`, shape: [size], init: 'ones', decays: false, layer },
    biasParameter(`${name}.bias`, size, layer),
  ];
}

/** The supported activations. */
export const activations = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu'] as const;
/** `gelu` is exact (erf); `gelu_new` and `gelu_pytorch_tanh` are the tanh approximation. */
export type Activation = (typeof activations)[number];

/** The activation between the two linear layers of a feed-forward block. */
export function activate(x: tf.Tensor, activation: Activation): tf.Tensor {
  if (activation === 'relu') return tf.relu(x);
  return activation === 'gelu' ? gelu(x) : geluTanh(x);
}

/** x · Φ(x), exact (Hendrycks and Gimpel 2016, arXiv:1606.08415). */
function gelu(x: tf.Tensor): tf.Tensor {
  return withGradient([x], ([x]) => {
    const cumulative = tf.mul(tf.add(tf.erf(tf.mul(x!, Math.SQRT1_2)), 1), 0.5);
    return {
      value: tf.mul(x!, cumulative),
      saved: [x!, cumulative],
      gradient: (dy, [x, cumulative]) => {
        const density = tf.mul(tf.exp(tf.mul(tf.square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return [tf.mul(dy, tf.add(cumulative!, tf.mul(x!, density)))];
      },
    };
  });
}

function geluTanh(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** Added to the attention scores of keys that a query must not attend to; its exponential is 0 in float32. */
const hiddenScore = -1e9;

/**
 * The bias of the attention scores [batch, heads, sequence, sequence]: 0, or −10⁹ for keys that are padding or in
 * another document than the query. Shape [batch, 1, 1, sequence] if rows are single documents, otherwise [batch, 1,
 * sequence, sequence].
 */
export function attentionBias({ attention_mask, document_starts }: Sequences): tf.Tensor {
  const [batch, sequence] = attention_mask.shape as [number, number];
  const padding = tf.reshape(tf.mul(tf.sub(1, attention_mask), hiddenScore), [batch, 1, 1, sequence]);
  if (!document_starts) return padding;
  const queries = tf.reshape(document_starts, [batch, 1, sequence, 1]);
  const keys = tf.reshape(document_starts, [batch, 1, 1, sequence]);
  return tf.add(otherDocuments(queries, keys), padding);
}

/** −10⁹ if query and key are in different documents, which differ in where they begin; otherwise 0. */
function otherDocuments(queries: tf.Tensor, keys: tf.Tensor): tf.Tensor {
  return tf.mul(tf.cast(tf.notEqual(queries, keys), 'float32'), hiddenScore);
}

/** The position of each token in its document, int32 [batch, sequence]; undefined if rows are single documents. */
export function documentPositions({ document_starts }: Sequences): tf.Tensor | undefined {
  if (!document_starts) return undefined;
  return tf.sub(tf.cast(positionsOf(document_starts.shape[1]!), 'int32'), document_starts);
}

/** [batch · sequence, hidden] → [batch, heads, sequence, hidden / heads]. */
export function splitHeads(
  x: tf.Tensor,
  [batch, sequence, heads]: readonly [batch: number, sequence: number, heads: number],
): tf.Tensor {
  return tf.transpose(tf.reshape(x, [batch, sequence, heads, x.shape[1]! / heads]), [0, 2, 1, 3]);
}

/**
 * Scaled dot-product attention (Vaswani et al. 2017, arXiv:1706.03762) of [batch, heads, sequence, size].
 *
 * @param bias added to the scores, see {@link attentionBias}
 * @param drop dropout of the probabilities
 * @returns the joined heads, float32 [batch · sequence, heads · size]
 */
export function attend(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  bias: tf.Tensor,
  { dropout, rate, stream }: Drop,
): tf.Tensor {
  const [batch, heads, sequence, size] = query.shape as [number, number, number, number];
  const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(size)), bias);
  const probabilities = dropout(tf.softmax(scores), rate, stream);
  const context = tf.transpose(tf.matMul(probabilities, value), [0, 2, 1, 3]);
  return tf.reshape(context, [batch * sequence, heads * size]);
}

/** The dropout of evaluation and prediction: none. */
export const noDropout: Dropout = (x) => x;

/**
 * Dropout that depends only on key, stream and element, so that a resumed run draws the same masks as an uninterrupted
 * one.
 *
 * @param key int32 [2]: the run's seed, and the number of the batch in the run
 */
export function keyedDropout(key: tf.Tensor): Dropout {
  return (x, rate, stream) =>
    rate === 0 ? x : tf.mul(x, dropoutMask(key, { shape: x.shape, rate, stream }));
}

/** Dropout of attention probabilities. */
interface Drop {
  dropout: Dropout;
  rate: number;
  stream: number;
}

/**
 * {@link attend} for tokens that only attend to tokens at most `window` positions away. Rows are divided into blocks of
 * a window, and each block attends to itself and its two neighbours, so that time and memory grow linearly with the
 * length of a row.
 *
 * @param sequences the sequences attended to, without their padding and other documents than the query's
 */
export function attendLocally(
  query: tf.Tensor,
  key: tf.Tensor,
  value: tf.Tensor,
  { attention_mask, document_starts }: Sequences,
  window: number,
  { dropout, rate, stream }: Drop,
): tf.Tensor {
  const [batch, heads, sequence, size] = query.shape as [number, number, number, number];
  const blocks = Math.ceil(sequence / window);
  const filled = blocks * window;
  /** [batch, rows, sequence, width] → [batch, rows · blocks, 3 · window, width]: each block with its neighbours. */
  const withNeighbours = (x: tf.Tensor) => {
    const [, rows, , width] = x.shape as [number, number, number, number];
    const padded = tf.pad(x, [
      [0, 0],
      [0, 0],
      [window, window + filled - sequence],
      [0, 0],
    ]);
    const parts = [0, 1, 2].map((shift) =>
      tf.reshape(tf.slice(padded, [0, 0, shift * window, 0], [batch, rows, filled, width]), [
        batch,
        rows * blocks,
        window,
        width,
      ]),
    );
    return tf.concat(parts, 2);
  };
  const queries = tf.reshape(
    tf.pad(query, [
      [0, 0],
      [0, 0],
      [0, filled - sequence],
      [0, 0],
    ]),
    [batch, heads * blocks, window, size],
  );
  // Hides keys that are padding, or more than a window away from the query.
  const keysOf = (x: tf.Tensor) =>
    tf.reshape(withNeighbours(tf.reshape(x, [batch, 1, sequence, 1])), [batch, 1, blocks, 1, 3 * window]);
  const padding = tf.mul(tf.sub(1, keysOf(attention_mask)), hiddenScore);
  let bias = tf.add(padding, blockBand(window));
  if (document_starts) {
    const starts = tf.pad(document_starts, [
      [0, 0],
      [0, filled - sequence],
    ]);
    const ofQueries = tf.reshape(starts, [batch, 1, blocks, window, 1]);
    bias = tf.add(bias, otherDocuments(ofQueries, keysOf(document_starts)));
  }
  const scores = tf.mul(tf.matMul(queries, withNeighbours(key), false, true), 1 / Math.sqrt(size));
  const biased = tf.add(tf.reshape(scores, [batch, heads, blocks, window, 3 * window]), bias);
  const probabilities = dropout(tf.softmax(biased), rate, stream);
  const context = tf.matMul(
    tf.reshape(probabilities, [batch, heads * blocks, window, 3 * window]),
    withNeighbours(value),
  );
  const rows = tf.slice(
    tf.reshape(context, [batch, heads, filled, size]),
    [0, 0, 0, 0],
    [batch, heads, sequence, size],
  );
  return tf.reshape(tf.transpose(rows, [0, 2, 1, 3]), [batch * sequence, heads * size]);
}

/**
 * The bias of a block's queries and the keys of three blocks, [window, 3 · window]: 0 within a window, otherwise −10⁹.
 */
function blockBand(window: number): tf.Tensor {
  const band = new Float32Array(3 * window * window);
  for (let query = 0; query < window; query++) {
    for (let key = 0; key < 3 * window; key++) {
      if (Math.abs(query + window - key) > window) band[query * 3 * window + key] = hiddenScore;
    }
  }
  return tf.tensor(band, [window, 3 * window]);
}

/** A bias [sequence, sequence]: 0 for keys at most `window` positions away from the query, otherwise −10⁹. */
export function bandBias(sequence: number, window: number): tf.Tensor {
  const at = positionsOf(sequence);
  const distance = tf.abs(tf.sub(tf.reshape(at, [sequence, 1]), tf.reshape(at, [1, sequence])));
  return tf.mul(tf.cast(tf.greater(distance, window), 'float32'), hiddenScore);
}

/** 0, 1, 2 … as float32 [sequence]; a cumulative sum, since the length may be a named size while tracing. */
function positionsOf(sequence: number): tf.Tensor {
  return tf.cumsum(tf.ones([sequence]), 0, true);
}

/**
 * The rotation of each pair of units at each position, float32 [sequence, size / 2] or [batch, 1, sequence, size / 2].
 */
export type RotaryAngles = Readonly<Record<'cos' | 'sin', tf.Tensor>>;

/**
 * The angles of {@link rotary}.
 *
 * @param size units per head
 * @param positions int32 [batch, sequence]. Default: counted from 0
 */
export function rotaryAngles(
  sequence: number,
  size: number,
  base: number,
  positions?: tf.Tensor,
): RotaryAngles {
  // Rounded at each operation, like PyTorch in single precision.
  const frequencies = Float32Array.from({ length: size / 2 }, (_, i) =>
    Math.fround(1 / Math.fround(base ** Math.fround((2 * i) / size))),
  );
  const at = positions
    ? tf.reshape(tf.cast(positions, 'float32'), [positions.shape[0]!, 1, sequence, 1])
    : tf.reshape(positionsOf(sequence), [sequence, 1]);
  const angles = tf.mul(at, tf.tensor(frequencies, [1, size / 2]));
  return { cos: tf.cos(angles), sin: tf.sin(angles) };
}

/**
 * Rotary position embedding (Su et al. 2021, arXiv:2104.09864) of x [batch, heads, sequence, size]; its halves form the
 * pairs.
 */
export function rotary(x: tf.Tensor, { cos, sin }: RotaryAngles): tf.Tensor {
  const [first, second] = tf.split(x, 2, 3) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
    3,
  );
}
