import type { Encoder, EncoderSource } from '../tokenizer/types.js';

/** Creates an encoder from a tokenizer's `encoderSource`, in any thread, and loads only what that encoder needs. */
export async function encoderFrom(source: EncoderSource): Promise<Encoder> {
  if ('prepared' in source) {
    const { WordPieceEncoder } = await import('./wordpiece.js');
    return WordPieceEncoder.from(source.prepared);
  }
  if ('image' in source) {
    const { imageEncoder } = await import('../tokenizer/pipeline.js');
    return imageEncoder(source);
  }
  const { tokenizerFromDefinition } = await import('../tokenizer/tokenizer.js');
  return tokenizerFromDefinition(source.definition).encoder();
}
