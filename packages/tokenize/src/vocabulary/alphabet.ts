import { CONTINUING_PREFIX } from './learn-pieces.js';
import type { SymbolWords } from './symbol-words.js';

/**
 * The characters that get pieces of their own: the most frequent ones (among equals, those with lower code points),
 * sorted by code point.
 * @param words words whose symbols are code points
 */
export function chooseAlphabet({ symbols, starts, lengths, counts }: SymbolWords, limit: number): number[] {
  const occurrences = new Map<number, number>();
  for (let word = 0; word < counts.length; word++) {
    const end = starts[word]! + lengths[word]!;
    for (let i = starts[word]!; i < end; i++) {
      occurrences.set(symbols[i]!, (occurrences.get(symbols[i]!) ?? 0) + counts[word]!);
    }
  }
  return [...occurrences]
    .sort(([a, countA], [b, countB]) => countB - countA || a - b)
    .slice(0, limit)
    .map(([character]) => character)
    .sort((a, b) => a - b);
}

/**
 * Replaces the code points of words by pieces of one character, which it appends: first those that begin a word, then
 * those that continue one. A word with a character outside the alphabet is dropped (its length becomes 0): the
 * tokenizer turns the whole word into the unknown token, so it cannot use any piece.
 */
export function spellWithAlphabet(words: SymbolWords, alphabet: readonly number[], pieces: string[]): void {
  const { symbols, starts, lengths } = words;
  const firstSymbols = new Map(alphabet.map((character, i) => [character, pieces.length + i]));
  pieces.push(...alphabet.map((character) => String.fromCodePoint(character)));
  const continuing = new Set<number>();
  for (let word = 0; word < lengths.length; word++) {
    const characters = symbols.subarray(starts[word]!, starts[word]! + lengths[word]!);
    if (!characters.every((character) => firstSymbols.has(character))) lengths[word] = 0;
    else for (let i = 1; i < characters.length; i++) continuing.add(characters[i]!);
  }
  const later = [...continuing].sort((a, b) => a - b);
  const laterSymbols = new Map(later.map((character, i) => [character, pieces.length + i]));
  pieces.push(...later.map((character) => CONTINUING_PREFIX + String.fromCodePoint(character)));
  for (let word = 0; word < lengths.length; word++) {
    const start = starts[word]!;
    for (let i = start; i < start + lengths[word]!; i++) {
      symbols[i] = (i === start ? firstSymbols : laterSymbols).get(symbols[i]!)!;
    }
  }
}
