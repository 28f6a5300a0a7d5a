import { createInterface } from 'node:readline';
import { InputError } from '@mlm/base/errors';
import { type Encoder, loadTokenizer, type Tokenizer } from '@mlm/tokenize';
import { findCheckpoint, MaskFiller } from '@mlm/train';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { FillSettings } from './command.js';

interface FilledMask {
  /** Index among the text's tokens, [CLS] being 0. */
  position: number;
  answers: {
    token: string;
    id: number;
    probability: number;
    /** The text with this answer in place, as the tokenizer spells it; other masks stay. */
    sequence: string;
  }[];
}

export async function runFill(context: Context, options: FillSettings): Promise<void> {
  const { checkpoint, texts } = options;
  const { folder } = await findCheckpoint(checkpoint, options);
  const tokenizer = await loadTokenizer(folder);
  const encoder = tokenizer.encoder();
  const { settings, report } = await pickEngine(context, options);
  const filler = await MaskFiller.open(folder, settings);
  report();
  try {
    for await (const text of textsToFill(context, texts)) {
      context.signal.throwIfAborted();
      const ids = encodeSequence(tokenizer, encoder, text);
      const masks = await fillMasks(filler, tokenizer, ids, options.topK);
      printResult(context, options, { text, masks }, (style) => [
        style('bold', text),
        ...masks.flatMap(({ answers }, mask) => [
          ...(masks.length > 1 ? [style('dim', `mask ${mask + 1}`)] : []),
          ...alignColumns(
            answers.map(({ token, probability }) => ['', `${(probability * 100).toFixed(2)} %`, token]),
            [1],
          ),
        ]),
      ]);
    }
  } finally {
    await filler.dispose();
  }
}

async function* textsToFill(context: Context, texts: readonly string[]): AsyncGenerator<string> {
  for (const text of texts) {
    if (text !== '-') yield text;
    else
      for await (const line of createInterface({ input: context.stdin })) if (line.trim() !== '') yield line;
  }
}

/** [CLS] text [SEP]; the tokenizer's own mask token in the text, or `[MASK]`, stands for what is to be guessed. */
function encodeSequence(tokenizer: Tokenizer, encoder: Encoder, text: string): number[] {
  const { specialIds } = tokenizer;
  const mask = tokenizer.idToToken(specialIds.mask);
  const { ids } = encoder.encode(new TextEncoder().encode(text.replaceAll('[MASK]', mask)), {
    document: 'none',
  });
  if (!ids.includes(specialIds.mask)) {
    const names = mask === '[MASK]' ? mask : `${mask} or [MASK]`;
    throw new InputError(`"${text}": there is no ${names} in it; put one where a word is to be guessed`);
  }
  return [specialIds.cls, ...ids, specialIds.sep];
}

async function fillMasks(
  filler: MaskFiller,
  tokenizer: Tokenizer,
  ids: number[],
  topK: number,
): Promise<FilledMask[]> {
  const positions = ids.flatMap((id, position) => (id === tokenizer.specialIds.mask ? [position] : []));
  const candidates = await filler.fill(ids, tokenizer.specialIds.mask, topK, tokenizer.hasToken);
  return candidates.map((answers, mask) => {
    const position = positions[mask]!;
    const completed = (id: number) => tokenizer.decode(ids.with(position, id).slice(1, -1));
    return {
      position,
      answers: answers.map(({ id, probability }) => {
        return { token: readable(tokenizer, id), id, probability, sequence: completed(id) };
      }),
    };
  });
}

/** A token as it reads in text: `them` for a byte-level `Ġthem`. White space alone, and pieces inside a word, stay as they are. */
function readable(tokenizer: Tokenizer, id: number): string {
  const token = tokenizer.idToToken(id);
  if (token.startsWith('##')) return token;
  return tokenizer.decode([id]).trim() || token;
}
