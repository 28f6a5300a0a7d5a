/** Says why a loss is 0 where no token has a label. */
export function noLabels(rows: string): string {
  return `${rows}: no token is masked, so a loss of 0 says nothing; preprocess with a --mask-probability above 0`;
}
