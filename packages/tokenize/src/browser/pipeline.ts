import { InputError } from '@mlm/base/errors';

/** Replaces tokenizer/pipeline.ts in browsers, where only WordPiece is supported. @throws InputError always */
export function pipelineTokenizer({ name }: { name: string }): never {
  throw new InputError(
    `${name}: is not a WordPiece tokenizer, the only kind that the browser build supports`,
  );
}

/** The encoder that another thread has set up, of a tokenizer that is not supported here. @throws InputError always */
export function imageEncoder({ definition }: { definition: { name: string } }): never {
  return pipelineTokenizer(definition);
}
