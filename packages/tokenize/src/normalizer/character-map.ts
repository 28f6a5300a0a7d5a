import { type ComponentJson, isObject } from '../tokenizer/tokenizer-json.js';
import { type Normalizer, normalizer } from './normalizer.js';

/**
 * A normalizer taken apart for assembly/common/normalize.ts: its effect on the ends of a text, on spaces, and on each
 * single character.
 */
export interface CharacterMap {
  /** Whether whitespace is first stripped from the left end. */
  stripsLeft: boolean;
  stripsRight: boolean;
  /** Whether it is stripped from the right end at the end. */
  stripsRightLast: boolean;
  /** Whether runs of spaces are collapsed at the end. */
  collapsesSpaces: boolean;
  /** Whether it does anything else. */
  changes: boolean;
  /** Everything else, for a text whose characters do not depend on what is around it. */
  normalize: Normalizer;
  /** The outcomes of the 256 characters from `first` on. */
  page(first: number): CharacterOutcome[];
}

/**
 * `same`: unchanged; `meets`: depends on its neighbours; `doubled`: changed only beside the same character; or a
 * replacement.
 */
export type CharacterOutcome = 'same' | 'meets' | 'doubled' | { replacement: string };

/** Takes a normalizer apart; undefined if it has a stage that looks at more than single characters. */
export function characterMap(json: ComponentJson | null | undefined, name: string): CharacterMap | undefined {
  const steps = stepsOf(json);
  const head = steps[0]?.type === 'Strip' ? steps.shift()! : undefined;
  const isCollapse = (step: ComponentJson | undefined) =>
    step?.type === 'Replace' &&
    isObject(step.pattern) &&
    step.pattern.Regex === ' {2,}' &&
    step.content === ' ';
  const collapsesSpaces = isCollapse(steps.at(-1));
  if (collapsesSpaces) steps.pop();
  let stripsRightLast = false;
  if (!collapsesSpaces && steps.at(-1)?.type === 'Strip') {
    const tail = steps.pop()!;
    if (tail.strip_left !== false) return undefined;
    stripsRightLast = tail.strip_right !== false;
  }
  const doubled = new Set<string>();
  for (const [i, step] of steps.entries()) {
    if (CHARACTERWISE.includes(step.type)) continue;
    if (step.type !== 'Replace' || !isObject(step.pattern) || typeof step.pattern.String !== 'string')
      return undefined;
    const characters = Array.from(step.pattern.String);
    if (characters.length === 1) continue;
    const [first, second] = characters;
    // Only as a first stage: an earlier stage could make the characters that it replaces.
    const comesFirst = steps.slice(0, i).every(({ type }) => type === 'Replace');
    if (characters.length !== 2 || first !== second || first! > '\x7f' || !comesFirst) return undefined;
    doubled.add(first!);
  }
  const stages = steps.map((step) => ({ step, run: normalizer(step, name) }));
  const normalize: Normalizer = (text) => stages.reduce((done, { run }) => run(done), text);
  const keepsIdeographs = steps.every(({ type }) => KEEPING_IDEOGRAPHS.includes(type));
  const page = (first: number): CharacterOutcome[] => {
    const characters = Array.from({ length: 256 }, (_, i) => {
      const c = first + i;
      return c >= 0xd800 && c < 0xe000 ? '' : String.fromCodePoint(c);
    });
    if (keepsIdeographs && IDEOGRAPHS.test(characters.join(''))) return characters.map(() => 'same');
    const met = characters.map(() => false);
    let texts: readonly string[] = characters;
    for (const { step, run } of stages) {
      const next = runApart(run, texts);
      for (const i of mayMeet(step, characters, texts, next)) met[i] = true;
      texts = next;
    }
    return characters.map((character, i) => {
      if (met[i]) return 'meets';
      if (doubled.has(character)) return texts[i] === character ? 'doubled' : 'meets';
      return texts[i] === character ? 'same' : { replacement: texts[i]! };
    });
  };
  return {
    stripsLeft: head !== undefined && head.strip_left !== false,
    stripsRight: head !== undefined && head.strip_right !== false,
    stripsRightLast,
    collapsesSpaces,
    changes: stages.length > 0,
    normalize,
    page,
  };
}

/** Stages that look at a character and at those that combine with it only. */
const CHARACTERWISE = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents', 'Precompiled'];

/** Those that no ideograph changes by, and that no ideograph combines with anything by. */
const KEEPING_IDEOGRAPHS = ['NFC', 'NFD', 'NFKC', 'NFKD', 'Lowercase', 'StripAccents'];
const IDEOGRAPHS = /^\p{Unified_Ideograph}+$/u;

function stepsOf(json: ComponentJson | null | undefined): ComponentJson[] {
  if (!json) return [];
  return json.type === 'Sequence' ? (json.normalizers as ComponentJson[]).flatMap(stepsOf) : [json];
}

/** A private character, which no stage changes or joins with another. */
const APART = '\ue000';

/** Runs a stage on several texts at once, but separately. */
function runApart(run: Normalizer, texts: readonly string[]): string[] {
  const all = run(texts.join(APART)).split(APART);
  return all.length === texts.length && !texts.includes(APART) ? all : texts.map(run);
}

/**
 * The characters whose outcome could depend on their neighbours. Too many do no harm: they are normalized together with
 * their neighbours.
 */
function mayMeet(
  { type }: ComponentJson,
  characters: readonly string[],
  texts: readonly string[],
  next: readonly string[],
): number[] {
  if (type === 'Lowercase' || type === 'StripAccents' || type === 'Replace') return [];
  const joins = type === 'Precompiled' ? joining([...texts, ...next]) : undefined;
  const found: number[] = [];
  for (const [i, character] of characters.entries()) {
    if (character <= '\x7f') {
      if (joins && (character === '\r' || character === '\n')) found.push(i);
      continue;
    }
    // Ideographs and syllables do not combine, nor do the jamo that a syllable becomes.
    if (/^[\p{Unified_Ideograph}\uac00-\ud7a3]$/u.test(character)) continue;
    const both = [texts[i]!, next[i]!];
    const meets = joins
      ? joins.has(i) || joins.has(i + texts.length)
      : both.some((text) => COMBINES.test(text));
    if (meets || both.some((text) => JAMO.test(text))) found.push(i);
  }
  return found;
}

const JAMO = /[\u1100-\u11ff\ua960-\ua97f\ud7b0-\ud7ff]/;
/**
 * Marks, code points that a newer Unicode may have made marks, and vowel signs that compose though they are letters.
 */
const COMBINES = /^[\p{M}\p{Cn}\u{16d40}-\u{16d7f}]/u;

/** The texts that may form one grapheme with what precedes or follows them. */
function joining(texts: readonly string[]): Set<number> {
  graphemes ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  const all = texts.map((text) => `x${text}${text}x`).join('');
  const starts = new Uint8Array(all.length + 1);
  for (const { index } of graphemes.segment(all)) starts[index] = 1;
  const found = new Set<number>();
  let at = 0;
  for (const [i, text] of texts.entries()) {
    const ends = [at + 1, at + 1 + text.length, at + 1 + 2 * text.length];
    if (text !== '' && !ends.every((end) => starts[end])) found.add(i);
    at += 2 * text.length + 2;
  }
  return found;
}

let graphemes: Intl.Segmenter | undefined;
