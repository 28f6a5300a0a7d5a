/** The text of WordPiece tokens, as the `WordPiece` decoder of Rust tokenizers writes it. */
export function decodePieces(tokens: readonly string[], prefix: string, cleanup: boolean): string {
  return tokens
    .map((token, i) => {
      if (i === 0) return token;
      return prefix !== '' && token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
    })
    .map((token) => (cleanup ? cleanUp(token) : token))
    .join('');
}

const CLEAN_UP: readonly [from: string, to: string][] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

function cleanUp(token: string): string {
  let text = token;
  for (const [from, to] of CLEAN_UP) text = text.replaceAll(from, to);
  return text;
}
