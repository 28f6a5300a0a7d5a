import type { Encoder, EncoderSource } from '../tokenizer/types.js';

/** An encoder of the tokenizer whose `encoderSource` this is, in any thread, which loads only what that encoder needs. */
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
