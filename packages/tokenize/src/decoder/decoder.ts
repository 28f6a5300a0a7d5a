import { InputError } from '@mlm/base/errors';
import { shown } from '@mlm/base/json';
import { BYTE_OF } from '../pre-tokenizer/byte-level.js';
import type { ComponentJson } from '../tokenizer/tokenizer-json.js';
import { decodePieces } from './wordpiece.js';

/** Turns tokens into parts of a text. */
type Decoder = (tokens: string[]) => string[];

/**
 * The decoder of a tokenizer.json, as Rust tokenizers runs it.
 * @throws InputError for a kind that is not supported
 */
export function decoder(json: ComponentJson | null | undefined, name: string): (tokens: string[]) => string {
  if (!json) return (tokens) => tokens.join(' ');
  const decode = step(json, name);
  return (tokens) => decode(tokens).join('');
}

function step(json: ComponentJson, name: string): Decoder {
  switch (json.type) {
    case 'Sequence': {
      const steps = (json.decoders as ComponentJson[]).map((each) => step(each, name));
      return (tokens) => steps.reduce((parts, decode) => decode(parts), tokens);
    }
    case 'WordPiece':
      return (tokens) => [decodePieces(tokens, String(json.prefix ?? '##'), json.cleanup !== false)];
    case 'ByteLevel':
      return (tokens) => [Buffer.concat(tokens.map(bytesOf)).toString('utf8')];
    case 'Metaspace': {
      const mark = String(json.replacement ?? '▁');
      const scheme = json.prepend_scheme ?? (json.add_prefix_space === false ? 'never' : 'always');
      return (tokens) =>
        tokens.map((token, i) => token.replaceAll(mark, i === 0 && scheme !== 'never' ? '' : ' '));
    }
    case 'Fuse':
      return (tokens) => [tokens.join('')];
    default:
      throw new InputError(`${name}: its decoder ${shown(json.type, '')} is not supported`);
  }
}

/** The bytes of a token in byte characters; the UTF-8 of any other token. */
function bytesOf(token: string): Buffer {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = BYTE_OF.get(character);
    if (byte === undefined) return Buffer.from(token);
    bytes.push(byte);
  }
  return Buffer.from(bytes);
}
