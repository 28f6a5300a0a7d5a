import { statfs } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { listColumn } from '@mlm/arrow';
import { type InputFiles, type PreprocessOptions, textFiles, tokenize, type Unit } from '@mlm/tokenize';
import { formatBytes, formatDuration, formatNoun } from '../../output/numbers.js';

/** A forecast of a run, from its first unit (about 4 MB of text). */
export interface Forecast {
  seconds: number;
  outputBytes: number;
  /** Free space at the output; undefined if unknown. */
  freeBytes: number | undefined;
}

type TokenBatch = Parameters<typeof listColumn>[0];

/** input_ids and labels take four bytes each, attention_mask one. */
const bytesPerToken = 9;

/** Processes the first unit without writing anything, and extrapolates. */
export async function forecast(options: PreprocessOptions, files: InputFiles): Promise<Forecast> {
  for await (const unit of textFiles(files, options) as AsyncIterable<Unit>) {
    const start = performance.now();
    let tokens = 0;
    const batches = Readable.from([unit]).pipe(tokenize({ ...options, workers: 0 }));
    for await (const batch of batches as AsyncIterable<TokenBatch>) {
      const { offsets } = listColumn(batch, 'input_ids');
      tokens += offsets.at(-1)! - offsets[0]!;
    }
    const { rank, worldSize } = options.share ?? { rank: 0, worldSize: 1 };
    const bytesRead = (unit.inputEnd ?? files.bytes) - (files.bytes * rank) / worldSize;
    const scale = files.bytes / Math.max(1, bytesRead) / worldSize;
    const workers = Math.max(1, options.workers ?? availableParallelism());
    return {
      seconds: (((performance.now() - start) / 1000) * scale) / workers,
      outputBytes: tokens * bytesPerToken * scale,
      freeBytes: await freeSpace(options.output),
    };
  }
  return { seconds: 0, outputBytes: 0, freeBytes: undefined };
}

export function describeForecast({ seconds, outputBytes, freeBytes }: Forecast, files: InputFiles): string {
  const space =
    freeBytes !== undefined && freeBytes < outputBytes
      ? `; only ${formatBytes(freeBytes)} are free there; choose another place or a smaller input`
      : '';
  return (
    `${formatNoun(files.files.length, 'file')}, ${formatBytes(files.bytes)}: ` +
    `about ${formatDuration(seconds)} and ${formatBytes(outputBytes)} of output${space}`
  );
}

async function freeSpace(output: string): Promise<number | undefined> {
  if (output === '-') return undefined;
  const disk = await statfs(dirname(resolve(output))).catch(() => undefined);
  return disk && disk.bavail * disk.bsize;
}
