import { InputError } from '@mlm/base/errors';

/** A BERT configuration, in the names and meaning of the `config.json` that Hugging Face transformers writes. */
export interface BertConfig {
  vocab_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  hidden_act: HiddenActivation;
  hidden_dropout_prob: number;
  attention_probs_dropout_prob: number;
  max_position_embeddings: number;
  type_vocab_size: number;
  /** Standard deviation of the initial weights. */
  initializer_range: number;
  layer_norm_eps: number;
  pad_token_id: number;
}

export const hiddenActivations = ['gelu', 'gelu_new', 'gelu_pytorch_tanh', 'relu'] as const;
/** `gelu` is the exact one (erf); `gelu_new` and `gelu_pytorch_tanh` are its tanh approximation. */
export type HiddenActivation = (typeof hiddenActivations)[number];

/** Sizes of the small BERT models that Google published (Turc et al. 2019, arXiv:1908.08962), and of BERT-base. */
const sizes = {
  'bert-tiny': { layers: 2, hidden: 128, heads: 2 },
  'bert-mini': { layers: 4, hidden: 256, heads: 4 },
  'bert-small': { layers: 4, hidden: 512, heads: 8 },
  'bert-medium': { layers: 8, hidden: 512, heads: 8 },
  'bert-base': { layers: 12, hidden: 768, heads: 12 },
} as const;

/** A size of BERT that `train` can start afresh: from `bert-tiny` (2 layers of 128) to `bert-base` (12 of 768). */
export type PresetName = keyof typeof sizes;
/** All of them, the smallest first. */
export const presetNames = Object.keys(sizes) as PresetName[];

export function isPresetName(name: string): name is PresetName {
  return Object.hasOwn(sizes, name);
}

/** The configuration of a preset for a vocabulary of `vocabularySize` ids. */
export function presetConfig(name: PresetName, vocabularySize: number, padId = 0): BertConfig {
  const { layers, hidden, heads } = sizes[name];
  return {
    vocab_size: vocabularySize,
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: 4 * hidden,
    hidden_act: 'gelu',
    hidden_dropout_prob: 0.1,
    attention_probs_dropout_prob: 0.1,
    max_position_embeddings: 512,
    type_vocab_size: 2,
    initializer_range: 0.02,
    layer_norm_eps: 1e-12,
    pad_token_id: padId,
  };
}

/** Whether training drops anything out. */
export function hasDropout({ hidden_dropout_prob, attention_probs_dropout_prob }: BertConfig): boolean {
  return hidden_dropout_prob > 0 || attention_probs_dropout_prob > 0;
}

/**
 * Reads the text of a `config.json`. Fields that have a default in transformers' `BertConfig` may be missing.
 *
 * @param source where the text came from, for the error message
 * @throws InputError when it is no BERT configuration, or one that this model cannot compute
 */
export function parseConfig(text: string, source: string): BertConfig {
  let json: Record<string, unknown>;
  try {
    json = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new InputError(`${source}: not valid JSON (${(error as Error).message})`);
  }
  if (json.model_type !== undefined && json.model_type !== 'bert') {
    throw new InputError(`${source}: model_type is ${JSON.stringify(json.model_type)}, expected "bert"`);
  }
  const count = (name: keyof BertConfig, fallback?: number): number => {
    const value = json[name] ?? fallback;
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw new InputError(`${source}: ${name} is ${JSON.stringify(value)}, expected a whole number`);
    }
    return value as number;
  };
  const real = (name: keyof BertConfig, fallback: number): number => {
    const value = json[name] ?? fallback;
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new InputError(`${source}: ${name} is ${JSON.stringify(value)}, expected a number`);
    }
    return value;
  };
  const activation = json.hidden_act ?? 'gelu';
  if (!hiddenActivations.includes(activation as HiddenActivation)) {
    throw new InputError(
      `${source}: hidden_act ${JSON.stringify(activation)} is not supported, expected one of ${hiddenActivations.join(', ')}`,
    );
  }
  const positions = json.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    throw new InputError(
      `${source}: position_embedding_type ${JSON.stringify(positions)} is not supported, expected "absolute"`,
    );
  }
  if (json.is_decoder === true) throw new InputError(`${source}: is_decoder is true, expected an encoder`);
  if (json.tie_word_embeddings === false) {
    throw new InputError(
      `${source}: tie_word_embeddings is false, expected a decoder tied to the embeddings`,
    );
  }
  const config: BertConfig = {
    vocab_size: count('vocab_size', 30522),
    hidden_size: count('hidden_size', 768),
    num_hidden_layers: count('num_hidden_layers', 12),
    num_attention_heads: count('num_attention_heads', 12),
    intermediate_size: count('intermediate_size', 3072),
    hidden_act: activation as HiddenActivation,
    hidden_dropout_prob: real('hidden_dropout_prob', 0.1),
    attention_probs_dropout_prob: real('attention_probs_dropout_prob', 0.1),
    max_position_embeddings: count('max_position_embeddings', 512),
    type_vocab_size: count('type_vocab_size', 2),
    initializer_range: real('initializer_range', 0.02),
    layer_norm_eps: real('layer_norm_eps', 1e-12),
    pad_token_id: count('pad_token_id', 0),
  };
  if (config.num_attention_heads === 0 || config.hidden_size % config.num_attention_heads !== 0) {
    throw new InputError(
      `${source}: hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${config.num_attention_heads}`,
    );
  }
  return config;
}

/** The text of `config.json`, as `BertForMaskedLM.save_pretrained` writes it. */
export function formatConfig(config: BertConfig): string {
  const json = {
    architectures: ['BertForMaskedLM'],
    ...config,
    model_type: 'bert',
    position_embedding_type: 'absolute',
    tie_word_embeddings: true,
    dtype: 'float32',
    torch_dtype: 'float32',
    use_cache: false,
  };
  const sorted = Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify(sorted, null, 2)}\n`;
}
