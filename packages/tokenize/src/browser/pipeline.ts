import { InputError } from '@mlm/base/errors';

/** tokenizer/pipeline.ts in a browser, where WordPiece alone is supported. @throws InputError always */
export function pipelineTokenizer({ name }: { name: string }): never {
  throw new InputError(`${name}: is no WordPiece tokenizer, the only kind that this browser build has`);
}

/** The encoder that another thread has set up: of a tokenizer that is not supported here. @throws InputError always */
export function imageEncoder({ definition }: { definition: { name: string } }): never {
  return pipelineTokenizer(definition);
}
