import { createInterface } from 'node:readline';
import { MaskFiller } from '@mlm/train';
import type { Context } from '../../context.js';
import { pickEngine } from '../../options/engine.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { FillSettings } from './command.js';

export async function runFill(context: Context, options: FillSettings): Promise<void> {
  const { checkpoint, texts } = options;
  const { settings, report } = await pickEngine(context, options);
  const filler = await MaskFiller.open(checkpoint, { ...settings, revision: options.revision });
  report();
  try {
    for await (const text of textsToFill(context, texts)) {
      context.signal.throwIfAborted();
      const masks = await filler.fill(text, options.topK);
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
