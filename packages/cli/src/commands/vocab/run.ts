import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Replaceable, writeFolder } from '@mlm/base';
import { settingsOf } from '@mlm/base/options';
import { BadRecordLog, badRecordList, listFiles, textFiles, trainVocabulary, unitTexts } from '@mlm/tokenize';
import { readOptions } from '@mlm/tokenize/options';
import { commandName, shellWord } from '../../command-name.js';
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { listedPaths } from '../../options/files-from.js';
import { badRecordFields, badRecordLines } from '../../output/bad-records.js';
import {
  formatByteRate,
  formatBytes,
  formatCount,
  formatDuration,
  formatNoun,
} from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { printResult } from '../../output/report.js';
import type { VocabSettings } from './command.js';

export async function runVocab(context: Context, options: VocabSettings): Promise<void> {
  const { inputs, output } = options;
  const paths = [...inputs, ...(await listedPaths(context, options.filesFrom))];
  if (paths.length === 0)
    throw new UsageError('expected inputs, such as: mlm vocab corpus/ --output tokenizer/');
  if (output === '') throw new UsageError('--output: expected a folder to write');
  const files = await listFiles(paths, { inputFormat: options.inputFormat });
  const target = {
    overwrite: options.overwrite,
    takeOver: options.takeOver,
    inputs: files.files.map(({ path }) => path).filter((path) => path !== '-'),
  };
  const log = new BadRecordLog(badRecordList(output));
  const badRecords = options.onBadRecord === 'skip' ? log : undefined;
  const onSkipped = badRecords?.add.bind(badRecords);
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'vocab', ...options });
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  let bytes = 0;
  async function* texts() {
    for await (const text of unitTexts(textFiles(files, settingsOf(readOptions, options)), {
      ...options,
      onSkipped,
    })) {
      context.signal.throwIfAborted();
      bytes += text.length;
      progress.update({
        done: bytes,
        total: files.bytes || undefined,
        details: () => [formatBytes(bytes), formatByteRate(bytes / seconds())],
      });
      yield text;
    }
  }
  const vocabulary = await writeFolder(output, tokenizerFolder, target, async (folder) => {
    log.open(0);
    const trained = await trainVocabulary(texts(), {
      size: options.size,
      lowercase: !options.cased,
      minFrequency: options.minFrequency,
      signal: context.signal,
    })
      .catch((error: unknown) => {
        log.discard();
        throw error;
      })
      .finally(() => progress.finish());
    context.signal.throwIfAborted();
    for (const [name, text] of Object.entries(trained.files)) await writeFile(join(folder, name), text);
    return trained;
  });
  log.complete();
  const entries = vocabulary.pieces.length;
  const result = {
    output,
    entries,
    ...vocabulary.counts,
    bad_records: badRecords?.count || undefined,
    ...badRecordFields(badRecords),
    seconds: seconds(),
  };
  printResult(context, options, result, (style) => [
    `${style('green', 'done')}  ${formatCount(entries)} entries from ${formatNoun(vocabulary.counts.words, 'distinct word')} ` +
      `(${formatBytes(bytes)} in ${formatDuration(seconds())})`,
    ...(entries < options.size
      ? [`      the text yields no more; ${formatCount(options.size)} were asked for`]
      : []),
    ...badRecordLines(badRecords, style),
    `      ${output}/: ${Object.keys(vocabulary.files).join(', ')}`,
    `Next: ${commandName(context.env)} preprocess ${shellWord(inputs[0] ?? 'corpus/')} out.arrow --tokenizer ${shellWord(output)}`,
  ]);
}

const tokenizerFiles = ['tokenizer.json', 'tokenizer_config.json', 'vocab.txt', 'special_tokens_map.json'];
const tokenizerFolder: Replaceable & { kind: 'folder' } = {
  kind: 'folder',
  name: 'a tokenizer folder',
  marks: tokenizerFiles,
  isPart: (path) => tokenizerFiles.includes(path),
};
