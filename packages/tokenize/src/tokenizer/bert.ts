import { decodePieces } from '../decoder/wordpiece.js';
import type { PreparedEncoder } from '../encoder/image.js';
import { encoderModule } from '../encoder/modules.js';
import { ReferenceEncoder } from '../encoder/reference.js';
import { isFast, prepareEncoder, WordPieceEncoder } from '../encoder/wordpiece.js';
import { carriedFiles } from './carried-files.js';
import type { TokenizerFolder } from './folder.js';
import { findProtectedIds, findSpecialIds, missing, SPECIAL_TOKENS } from './special-tokens.js';
import { wordPieceModel } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';
import { allTokens, sha256, tokenAt, vocabularyText } from './vocabulary.js';
import { findWordStarts } from './word-starts.js';

/** A tokenizer with BERT's stages. */
export function bertTokenizer(definition: TokenizerDefinition, folder: TokenizerFolder): Tokenizer {
  const { name, files } = definition;
  const { json, settings } = folder;
  const model = wordPieceModel(json, folder.tokens);
  const { decoder } = json;
  const tokens = allTokens(model);
  const specialIds = findSpecialIds(tokens, settings, name, model.unkToken);
  // An added token is no substitute: WordPiece looks for it in its own vocabulary.
  if (!model.tokens.includes(model.unkToken)) throw missing(name, SPECIAL_TOKENS.unk.key, model.unkToken);
  if (folder.conflict) throw folder.conflict;
  let checksum: string | undefined;
  let carried: Record<string, string> | undefined;
  let prepared: PreparedEncoder | undefined;
  let wordStarts: Uint8Array | undefined;
  return {
    name,
    get sha256() {
      checksum ??= sha256(vocabularyText(model.tokens));
      return checksum;
    },
    vocabularySize: tokens.length,
    specialIds,
    protectedIds: findProtectedIds(specialIds, model.addedTokens),
    get wordStarts() {
      wordStarts ??= findWordStarts(tokens, { continuing: model.continuingSubwordPrefix });
      return wordStarts;
    },
    get files() {
      carried ??= carriedFiles(files, folder, specialIds);
      return carried;
    },
    encoder() {
      if (!isFast(model)) return new ReferenceEncoder(model);
      // What was set up for other threads serves this one too.
      return prepared
        ? WordPieceEncoder.from(prepared)
        : WordPieceEncoder.of(model, encoderModule('wordpiece'));
    },
    encoderSource() {
      if (!isFast(model)) return { definition };
      prepared ??= prepareEncoder(model, encoderModule('wordpiece'));
      return { prepared };
    },
    hasToken: (id) => tokens[id] !== undefined,
    idToToken: (id) => tokenAt(tokens, id),
    decode: (ids) =>
      decodePieces(
        Array.from(ids, (id) => tokenAt(tokens, id)),
        (decoder?.prefix as string | undefined) ?? model.continuingSubwordPrefix,
        (decoder?.cleanup as boolean | undefined) ?? true,
      ),
    definition: () => definition,
  };
}
