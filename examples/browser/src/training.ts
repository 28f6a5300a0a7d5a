// From a text to a trained model, with nothing of a browser in it: the worker runs it on onnxruntime-web, the test in Node
// on onnxruntime-node as well. The way is that of the command line: tokenize, mask, train.
import { IGNORED_LABEL, maskingDefaults, maskingRule, maskRows } from '@mlm/masking/core';
import { RowPacker, type Tokenizer, tokenizerFromDefinition, trainVocabulary } from '@mlm/tokenize/core';
import {
  adamWDefaults,
  assembleBatch,
  type Batch,
  Evaluator,
  initializeWeights,
  learningRateAt,
  type Model,
  mostProbable,
  Predictor,
  parameterCount,
  parseModel,
  presetModel,
  Random,
  type Row,
  rowOf,
  safetensorsHeader,
  Trainer,
} from '@mlm/train/core';
import type { Guess, Reply, RunSettings } from './messages.ts';

/** Every twentieth row is kept apart, to tell learning from learning by heart. */
const validationEvery = 20;
const evaluateEvery = 50;
const warmupShare = 0.06;

/** Runs one piece of work on the engine while no other runs. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** A run in progress. */
export class Training {
  private constructor(
    private readonly settings: RunSettings,
    private readonly tokenizer: Tokenizer,
    private readonly model: Model,
    private readonly trainer: Trainer,
    private readonly rows: readonly Int32Array[],
    private readonly validation: readonly Batch[],
  ) {}

  /** Learns a vocabulary, cuts rows, draws the weights and compiles the model. */
  static async prepare(settings: RunSettings, tell: (reply: Reply) => void): Promise<Training> {
    tell({ type: 'state', text: 'Learning a vocabulary…' });
    const tokenizer = await tokenizerOf(settings);
    tell({ type: 'state', text: 'Tokenizing…' });
    const all = rowsOf(settings.text, tokenizer, settings.sequence);
    const isValidation = (index: number) => index % validationEvery === validationEvery - 1;
    const rows = all.filter((_, index) => !isValidation(index));
    const validationRows = all.filter((_, index) => isValidation(index));
    if (validationRows.length === 0) {
      throw new Error(
        `The text gives ${all.length} rows; at least ${validationEvery} are needed. Take a longer text or shorter rows.`,
      );
    }
    const { sequence, batch, seed } = settings;
    const preset = freshModel(settings.model, tokenizer);
    const model = settings.dropout === undefined ? preset : preset.withDropout(settings.dropout);
    const rule = maskingRule(tokenizer, { ...maskingDefaults, seed });
    const validation = batchesOf(
      maskedRows(validationRows, rule, 'validation', 0),
      batch,
      sequence,
      tokenizer.specialIds.pad,
    );
    tell({ type: 'state', text: 'Compiling the model…' });
    const trainer = await Trainer.create(model, initializeWeights(model, seed), {
      engine: 'onnx',
      device: settings.device === 'webgpu' ? 'webgpu' : 'cpu',
      threads: settings.threads,
      precision: 'fp32',
      optimizer: adamWDefaults,
      batchSize: batch,
      lengths: [sequence],
      gradientAccumulation: 1,
      frozenLayers: 0,
      seed,
    });
    tell({
      type: 'started',
      engine:
        settings.device === 'webgpu'
          ? 'WebGPU'
          : `WebAssembly, ${settings.threads} ${settings.threads === 1 ? 'thread' : 'threads'}`,
      rows: rows.length,
      validationRows: validationRows.length,
      parameters: parameterCount(model),
      unigramLoss: unigramLoss(rows, validation, tokenizer),
    });
    return new Training(settings, tokenizer, model, trainer, rows, validation);
  }

  /** Trains to the last step, or until told to stop. Each epoch shuffles the rows and draws new masks. */
  async run(
    tell: (reply: Reply) => void,
    isStopped: () => boolean = () => false,
    exclusively: Exclusively = (work) => work(),
  ): Promise<void> {
    const { batch, sequence, steps, rate, seed } = this.settings;
    const schedule = {
      name: 'linear' as const,
      learningRate: rate,
      warmupSteps: Math.ceil(warmupShare * steps),
      totalSteps: steps,
      decaySteps: 0,
    };
    const rule = maskingRule(this.tokenizer, { ...maskingDefaults, seed });
    const evaluator = await Evaluator.sharing(this.trainer, { lengths: [sequence] });
    let step = 0;
    for (let epoch = 0; step < steps && !isStopped(); epoch++) {
      const masked = maskedRows(this.rows, rule, 'train', epoch);
      const order = Uint32Array.from(masked.keys());
      new Random(seed, epoch, 1).shuffle(order);
      const shuffled = Array.from(order, (index) => masked[index]!);
      for (const part of batchesOf(shuffled, batch, sequence, this.tokenizer.specialIds.pad)) {
        const started = performance.now();
        const loss = await exclusively(() =>
          this.trainer.train([part], learningRateAt(schedule, step), step + 1),
        );
        const seconds = (performance.now() - started) / 1000;
        step++;
        tell({ type: 'step', step, loss, tokensPerSecond: part.tokens / seconds });
        if (step % evaluateEvery === 0 || step === steps)
          await exclusively(() => this.evaluate(evaluator, step, tell));
        if (step === steps || isStopped()) break;
      }
    }
    await evaluator.dispose();
    tell({ type: 'ended', steps: step });
  }

  private async evaluate(evaluator: Evaluator, step: number, tell: (reply: Reply) => void): Promise<void> {
    const scores: Awaited<ReturnType<Evaluator['score']>>[] = [];
    for (const batch of this.validation) scores.push(await evaluator.score(batch));
    const total = (value: (score: (typeof scores)[number]) => number) =>
      scores.reduce((sum, score) => sum + value(score), 0);
    const masked = total((score) => score.masked);
    tell({
      type: 'evaluation',
      step,
      loss: total((score) => score.lossSum) / masked,
      accuracy: total((score) => score.correct) / masked,
    });
  }

  /** The five words that the model finds most probable for the first [MASK] of a sentence; none without one. */
  async guess(sentence: string): Promise<Guess[]> {
    const { tokenizer, settings } = this;
    const { cls, sep, mask } = tokenizer.specialIds;
    const ids = tokenizer.encoder().encode(new TextEncoder().encode(sentence), { document: 'none' }).ids;
    const row = Int32Array.of(cls, ...ids.subarray(0, settings.sequence - 2), sep);
    const place = row.indexOf(mask);
    if (place < 0) return [];
    const labels = row.map((_, i) => (i === place ? mask : IGNORED_LABEL));
    const predictor = await Predictor.sharing(this.trainer, { lengths: [settings.sequence] });
    const shape = { batch: settings.batch, sequence: settings.sequence };
    const probabilities = await predictor.predict(
      assembleBatch([rowOf(row, labels, new Int8Array(row.length).fill(1))], shape, tokenizer.specialIds.pad),
    );
    await predictor.dispose();
    return mostProbable(probabilities.subarray(0, tokenizer.vocabularySize), 5).map(
      ({ id, probability }) => ({
        word: tokenizer.idToToken(id),
        probability,
      }),
    );
  }

  /** The files of a checkpoint folder that transformers opens. */
  async checkpoint(): Promise<Record<string, Uint8Array>> {
    const weights = await this.trainer.weights();
    const shapes = this.model.parameters.map(({ name, shape }) => [name, shape] as const);
    const parts = [safetensorsHeader(shapes), ...shapes.map(([name]) => bytesOf(weights.get(name)!))];
    const encode = (text: string) => new TextEncoder().encode(text);
    return {
      'model.safetensors': joined(parts),
      'config.json': encode(this.model.formatConfig()),
      ...Object.fromEntries(Object.entries(this.tokenizer.files).map(([name, text]) => [name, encode(text)])),
    };
  }

  dispose(): Promise<void> {
    return this.trainer.dispose();
  }
}

/** A preset whose first weights are as wide as its hidden size asks for: a small one learns sooner from them. */
function freshModel(name: string, { vocabularySize, specialIds }: Tokenizer): Model {
  const { type, config, limits } = presetModel(name, vocabularySize, specialIds);
  const fields = { ...config, model_type: type, initializer_range: limits.hidden ** -0.5 };
  return parseModel(JSON.stringify(fields), name);
}

async function tokenizerOf({ text, vocabulary, pieces }: RunSettings): Promise<Tokenizer> {
  const files =
    vocabulary === undefined
      ? (await trainVocabulary([text], { size: pieces })).files
      : { 'vocab.txt': vocabulary };
  return tokenizerFromDefinition({ name: 'vocab.txt', files });
}

/** Rows of one length, documents (paragraphs between blank lines) packed one after another. */
function rowsOf(text: Uint8Array, tokenizer: Tokenizer, sequence: number): Int32Array[] {
  const { ids, documentEnds } = tokenizer.encoder().encode(text, { document: 'blank-line' });
  const packer = new RowPacker(sequence, tokenizer.specialIds);
  let from = 0;
  for (const end of [...documentEnds, ids.length]) {
    packer.add(ids, from, end);
    packer.endDocument();
    from = end;
  }
  const { values, offsets } = packer.finish();
  return Array.from({ length: offsets.length - 1 }, (_, row) => values.slice(offsets[row], offsets[row + 1]));
}

/** The rows with masks of an epoch. */
function maskedRows(
  rows: readonly Int32Array[],
  rule: ReturnType<typeof maskingRule>,
  split: 'train' | 'validation',
  epoch: number,
): Row[] {
  const offsets = new Int32Array(rows.length + 1);
  for (const [i, row] of rows.entries()) offsets[i + 1] = offsets[i]! + row.length;
  const values = new Int32Array(offsets.at(-1)!);
  for (const [i, row] of rows.entries()) values.set(row, offsets[i]);
  const masked = maskRows({ values, offsets }, rule, { unit: 0, firstRow: 0, split }, epoch);
  return rows.map((row, i) => ({
    input_ids: masked.input_ids.values,
    labels: masked.labels.values,
    attention_mask: masked.attention_mask.values,
    start: offsets[i]!,
    length: row.length,
  }));
}

function batchesOf(rows: readonly Row[], batch: number, sequence: number, padId: number): Batch[] {
  return Array.from({ length: Math.ceil(rows.length / batch) }, (_, i) =>
    assembleBatch(rows.slice(i * batch, (i + 1) * batch), { batch, sequence }, padId),
  );
}

/** Nats a masked token of answering by the frequency of tokens in the training rows alone, add-one smoothed. */
function unigramLoss(
  rows: readonly Int32Array[],
  validation: readonly Batch[],
  { vocabularySize, protectedIds }: Tokenizer,
): number {
  const counts = new Float64Array(vocabularySize).fill(1);
  for (const row of rows) for (const id of row) counts[id]!++;
  for (const id of protectedIds) counts[id] = 0;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const labels = validation.flatMap((batch) => [...batch.masked_labels.subarray(0, batch.masked)]);
  return -labels.reduce((sum, id) => sum + Math.log(counts[id]! / total), 0) / labels.length;
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
