/** The text of each id, read from a tokenizer's files; `undefined` where they do not tell. */
export function readTokens(files: Record<string, string>): string[] | undefined {
  const vocabulary = files['vocab.txt'];
  if (vocabulary !== undefined) return vocabulary.replace(/\r?\n$/, '').split(/\r?\n/);
  const text = files['tokenizer.json'];
  if (text === undefined) return undefined;
  const { model, added_tokens = [] } = JSON.parse(text) as TokenizerJson;
  const tokens: string[] = [];
  if (Array.isArray(model.vocab)) tokens.push(...model.vocab.map(([token]) => token));
  else for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  for (const { id, content } of added_tokens) tokens[id] = content;
  return tokens;
}

/** The part of a tokenizer.json that names tokens: WordPiece and BPE as an object, Unigram as pairs with a score. */
interface TokenizerJson {
  model: { vocab: Record<string, number> | [string, number][] };
  added_tokens?: { id: number; content: string }[];
}
