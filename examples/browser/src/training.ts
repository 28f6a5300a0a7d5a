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
/** More rows would take longer to score than the steps between take. */
const mostValidationRows = 500;
const evaluateEvery = 50;
const warmupShare = 0.06;

/** Runs one piece of work on the engine while no other runs. */
export type Exclusively = <T>(work: () => Promise<T>) => Promise<T>;

/** A run in progress. */
export class Training {
  /** Optimizer steps done. */
  #done = 0;
  #evaluator: Evaluator | undefined;
  #predictor: Predictor | undefined;

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
    if (settings.vocabulary === undefined) tell({ type: 'state', text: 'Learning a vocabulary…' });
    const tokenizer = await tokenizerOf(settings);
    tell({ type: 'state', text: 'Tokenizing…' });
    const all = rowsOf(settings.text, tokenizer, settings.sequence);
    const isValidation = (index: number) => index % validationEvery === validationEvery - 1;
    const rows = all.filter((_, index) => !isValidation(index));
    const validationRows = all.filter((_, index) => isValidation(index)).slice(0, mostValidationRows);
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

  /**
   * Trains to the last step, or until told to stop; called again, goes on where it stopped. Each epoch shuffles the rows and
   * draws new masks, so both follow from the number of the step.
   */
  async run(
    tell: (reply: Reply) => void,
    isStopped: () => boolean = () => false,
    exclusively: Exclusively = (work) => work(),
  ): Promise<void> {
    const { batch, steps, rate } = this.settings;
    const schedule = {
      name: 'linear' as const,
      learningRate: rate,
      warmupSteps: Math.ceil(warmupShare * steps),
      totalSteps: steps,
      decaySteps: 0,
    };
    const batchesPerEpoch = Math.ceil(this.rows.length / batch);
    while (this.#done < steps && !isStopped()) {
      const epoch = Math.floor(this.#done / batchesPerEpoch);
      for (const part of this.batches(epoch, this.#done % batchesPerEpoch)) {
        const started = performance.now();
        const loss = await exclusively(() =>
          this.trainer.train([part], learningRateAt(schedule, this.#done), this.#done + 1),
        );
        if (!Number.isFinite(loss))
          throw new Error(`The loss is not a number. Train with a lower learning rate.`);
        const seconds = (performance.now() - started) / 1000;
        const step = ++this.#done;
        tell({ type: 'step', step, loss, tokensPerSecond: part.tokens / seconds });
        if (step % evaluateEvery === 0 || step === steps) await exclusively(() => this.evaluate(tell));
        if (step === steps || isStopped()) break;
      }
    }
    tell({ type: 'ended', steps: this.#done });
  }

  /** Batches of an epoch, from one of them on. */
  private *batches(epoch: number, first: number): Generator<Batch> {
    const { batch, sequence, seed } = this.settings;
    const rule = maskingRule(this.tokenizer, { ...maskingDefaults, seed });
    const masked = maskedRows(this.rows, rule, 'train', epoch);
    const order = Uint32Array.from(masked.keys());
    new Random(seed, epoch, 1).shuffle(order);
    for (let from = first * batch; from < order.length; from += batch) {
      const rows = Array.from(order.subarray(from, from + batch), (index) => masked[index]!);
      yield assembleBatch(rows, { batch, sequence }, this.tokenizer.specialIds.pad);
    }
  }

  private async evaluate(tell: (reply: Reply) => void): Promise<void> {
    this.#evaluator ??= await Evaluator.sharing(this.trainer, { lengths: [this.settings.sequence] });
    let [masked, lossSum, correct] = [0, 0, 0];
    for (const batch of this.validation) {
      const score = await this.#evaluator.score(batch);
      masked += score.masked;
      lossSum += score.lossSum;
      correct += score.correct;
    }
    tell({ type: 'evaluation', step: this.#done, loss: lossSum / masked, accuracy: correct / masked });
  }

  /** The five words that the model finds most probable for the first [MASK] of a sentence, and what else is to be said. */
  async guess(sentence: string): Promise<{ guesses: Guess[]; note: string }> {
    const { tokenizer, settings } = this;
    const { cls, sep, mask, unk } = tokenizer.specialIds;
    const { ids } = tokenizer.encoder().encode(new TextEncoder().encode(sentence), { document: 'none' });
    const place = ids.indexOf(mask);
    if (place < 0) return { guesses: [], note: 'Put [MASK] where a word is to be guessed.' };
    // A sentence that is longer than a row is cut around its mask.
    const room = settings.sequence - 2;
    const from = Math.max(0, Math.min(place - Math.floor(room / 2), ids.length - room));
    const row = Int32Array.of(cls, ...ids.subarray(from, from + room), sep);
    const labels = row.map((_, i) => (i === place - from + 1 ? mask : IGNORED_LABEL));
    this.#predictor ??= await Predictor.sharing(this.trainer, { lengths: [settings.sequence] });
    const shape = { batch: settings.batch, sequence: settings.sequence };
    const probabilities = await this.#predictor.predict(
      assembleBatch([rowOf(row, labels, new Int8Array(row.length).fill(1))], shape, tokenizer.specialIds.pad),
    );
    const notes = [
      ...(ids.length > room ? [`Only ${room} tokens around [MASK] fit in a row.`] : []),
      ...(ids.indexOf(mask, place + 1) > 0 ? ['The first [MASK] is answered.'] : []),
      ...(ids.includes(unk) ? ['Some of its characters are unknown to the vocabulary.'] : []),
    ];
    return {
      guesses: mostProbable(probabilities.subarray(0, tokenizer.vocabularySize), 5).map(
        ({ id, probability }) => ({ word: tokenizer.idToToken(id), probability }),
      ),
      note: notes.join(' '),
    };
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

  async dispose(): Promise<void> {
    await this.#evaluator?.dispose();
    await this.#predictor?.dispose();
    await this.trainer.dispose();
  }
}

/** A preset whose first weights are as wide as its hidden size asks for: a small one learns sooner from them. */
function freshModel(name: string, { vocabularySize, specialIds }: Tokenizer): Model {
  const { type, config, limits } = presetModel(name, vocabularySize, specialIds);
  const fields = { ...config, model_type: type, initializer_range: limits.hidden ** -0.5 };
  return parseModel(JSON.stringify(fields), name);
}

async function tokenizerOf({ text, vocabulary, vocabularySize }: RunSettings): Promise<Tokenizer> {
  const files =
    vocabulary === undefined
      ? (await trainVocabulary([text], { size: vocabularySize })).files
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

/** Nats per masked token of answering by the frequency of tokens in the training rows alone, add-one smoothed. */
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
