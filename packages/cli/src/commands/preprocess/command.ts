import module from 'node:module';
import { defineCommand } from '../../options/command.js';
import { packageFile } from '../../options/package-file.js';
import { commandArguments, commandOptions } from './options.js';

export const preprocess = defineCommand({
  name: 'preprocess',
  summary: 'turn text into rows of masked tokens (an Arrow file or a dataset folder)',
  examples: [
    [
      'mlm preprocess corpus/ out.arrow',
      'a folder, recursively: .txt, .jsonl, also .gz and .zst, .parquet, .arrow',
    ],
    [
      'mlm preprocess "books/*.txt.gz" out/ --eval-fraction 0.05',
      'a Hugging Face dataset with train and validation',
    ],
    ['mlm preprocess wiki.jsonl out.arrow --text-field body', 'one document per record'],
    ['mlm preprocess --resume out.arrow', 'continue an interrupted run, with its own inputs and options'],
    ['cat *.txt | mlm preprocess - - > out.arrows', 'text in, an Arrow stream out'],
  ],
  arguments: commandArguments,
  options: commandOptions,
  async resumedOptions(settings, env) {
    const { resumedSettings } = await import('./resume.js');
    return resumedSettings(settings, env);
  },
  async prepare({ inputs, workers }, env) {
    const { startEarlyThread } = await import('@mlm/tokenize/early-thread');
    // Where Node does not keep compiled code itself.
    const keeps = !('enableCompileCache' in module) && env.MLM_CACHE !== 'off';
    startEarlyThread(inputs, { workers, launcher: keeps ? packageFile('bin/thread.cjs') : undefined });
  },
});
