import {
  DROPPED,
  decompose,
  IDEOGRAPH,
  NONSPACING_MARK,
  type UnicodeProperties,
  unicodeProperties,
  WHITESPACE,
} from '../unicode/properties.js';

/** The switches of BERT's normalizer. */
export interface NormalizerOptions {
  cleanText: boolean;
  handleChineseChars: boolean;
  stripAccents: boolean;
  lowercase: boolean;
}

const SPACE = 0x20;

/** BERT's normalizer, stage by stage over code points, as in Rust tokenizers. */
export function normalize(codePoints: readonly number[], options: NormalizerOptions): number[] {
  const properties = unicodeProperties();
  const { classes } = properties;
  let text = [...codePoints];
  if (options.cleanText) {
    text = text.filter((c) => !(classes[c]! & DROPPED)).map((c) => (classes[c]! & WHITESPACE ? SPACE : c));
  }
  if (options.handleChineseChars) {
    text = text.flatMap((c) => (classes[c]! & IDEOGRAPH ? [SPACE, c, SPACE] : [c]));
  }
  if (options.stripAccents) {
    text = canonicalDecomposition(text, properties).filter((c) => !(classes[c]! & NONSPACING_MARK));
  }
  // One character at a time, so a final sigma becomes a plain one.
  if (options.lowercase) text = text.flatMap((c) => properties.lowercase.get(c) ?? [c]);
  return text;
}

/** NFD: decomposes, then sorts each run of combining marks by class, stably. */
function canonicalDecomposition(text: readonly number[], properties: UnicodeProperties): number[] {
  const decomposed = text.flatMap((c) => decompose(properties, c) ?? [c]);
  const classOf = (c: number) => properties.combiningClass.get(c) ?? 0;
  const ordered: number[] = [];
  let marks: number[] = [];
  const endRun = () => {
    for (const mark of marks.sort((a, b) => classOf(a) - classOf(b))) ordered.push(mark);
    marks = [];
  };
  for (const c of decomposed) {
    if (classOf(c) > 0) {
      marks.push(c);
      continue;
    }
    endRun();
    ordered.push(c);
  }
  endRun();
  return ordered;
}
