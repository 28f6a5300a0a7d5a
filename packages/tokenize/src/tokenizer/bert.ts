import { decodePieces } from '../decoder/wordpiece.js';
import type { PreparedEncoder } from '../encoder/image.js';
import { encoderModule } from '../encoder/modules.js';
import { ReferenceEncoder } from '../encoder/reference.js';
import type { StoredEncoder } from '../encoder/stored.js';
import { isFast, prepareEncoder, WordPieceEncoder } from '../encoder/wordpiece.js';
import { carriedFiles } from './carried-files.js';
import type { TokenizerFolder } from './folder.js';
import { findProtectedIds, findSpecialIds } from './special-tokens.js';
import { wordPieceModel } from './tokenizer-json.js';
import type { Tokenizer, TokenizerDefinition } from './types.js';
import { allTokens, sha256, tokenAt, vocabularyText } from './vocabulary.js';
import { findWordStarts } from './word-starts.js';

/**
 * A tokenizer with BERT's stages.
 * @param stored what was prepared when the package was built. Default: it is prepared when needed
 */
export function bertTokenizer(
  definition: TokenizerDefinition,
  folder: TokenizerFolder,
  stored?: StoredEncoder,
): Tokenizer {
  const { name, files } = definition;
  const { json, settings } = folder;
  const model = wordPieceModel(json, folder.tokens);
  const { decoder } = json;
  const tokens = allTokens(model);
  const specialIds = findSpecialIds(tokens, settings, name, model.unkToken);
  if (folder.conflict) throw folder.conflict;
  let checksum: string | undefined;
  let carried: Record<string, string> | undefined;
  let prepared: PreparedEncoder | undefined;
  let wordStarts: Uint8Array | undefined;
  return {
    name,
    get sha256() {
      checksum ??= stored?.sha256 ?? sha256(vocabularyText(model.tokens));
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
      carried ??= stored
        ? (JSON.parse(new TextDecoder().decode(stored.filesJson)) as Record<string, string>)
        : carriedFiles(files, folder, specialIds);
      return carried;
    },
    get filesJson() {
      return stored?.filesJson;
    },
    encoder() {
      if (!isFast(model)) return new ReferenceEncoder(model);
      const module = encoderModule('wordpiece');
      return stored
        ? WordPieceEncoder.from({ image: stored.image, module })
        : WordPieceEncoder.of(model, module);
    },
    encoderSource() {
      if (!isFast(model)) return { definition };
      const module = encoderModule('wordpiece');
      prepared ??= stored ? { image: stored.image, module } : prepareEncoder(model, module);
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
