import { settingsOf } from '@mlm/base/options';
import { exportOnnx } from '@mlm/train';
import { exportOptions } from '@mlm/train/options';
import type { Context } from '../../context.js';
import { formatBytes, formatShare } from '../../output/numbers.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { ExportSettings } from './command.js';

export async function runExport(context: Context, options: ExportSettings): Promise<void> {
  const { checkpoint, output } = options;
  const result = await exportOnnx(checkpoint, output, {
    ...settingsOf(exportOptions, options),
    signal: context.signal,
  });
  const files = ['config.json', ...result.tokenizer, 'onnx/'];
  const models = result.models.map(({ dtype, file, bytes, accuracy }) => [
    dtype,
    `onnx/${file}`,
    formatBytes(bytes),
    accuracy === undefined ? '' : `${formatShare(accuracy)} of masked tokens right`,
  ]);
  // Without a dtype, transformers.js loads q8 in browsers and fp32 in Node.
  const written = result.models.map(({ dtype }) => dtype);
  const choice = written.includes('q8') && written.includes('fp32') ? '' : `, { dtype: '${written[0]}' }`;
  const folder = output.replace(/\/*$/, '/');
  printResult(context, options, result, () =>
    result.tokenizer.length > 0
      ? [
          `${folder}: ${files.join(', ')}`,
          ...alignColumns(models, [2]),
          'In Node, or in a page beside the folder:',
          "  import { env, pipeline } from '@huggingface/transformers';",
          '  env.allowLocalModels = true;',
          `  const fill = await pipeline('fill-mask', '${folder}'${choice});`,
        ]
      : [
          `${folder}: ${files.join(', ')}`,
          ...alignColumns(models, [2]),
          'The checkpoint has no tokenizer; add the tokenizer.json and tokenizer_config.json that transformers.js needs.',
        ],
  );
}
