import { exportOnnx } from '@mlm/train';
import type { Context } from '../../context.js';
import { formatBytes } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import type { ExportSettings } from './command.js';

export async function runExport(context: Context, options: ExportSettings): Promise<void> {
  const { checkpoint, output, overwrite, takeOver } = options;
  const result = await exportOnnx(checkpoint, output, {
    overwrite,
    takeOver,
    signal: context.signal,
  });
  const files = ['config.json', ...result.tokenizer, `onnx/model.onnx (${formatBytes(result.bytes)})`];
  const folder = output.replace(/\/*$/, '/');
  printResult(context, options, result, () =>
    result.tokenizer.length > 0
      ? [
          `${folder}: ${files.join(', ')}`,
          'In Node, or in a page beside the folder:',
          "  import { env, pipeline } from '@huggingface/transformers';",
          '  env.allowLocalModels = true;',
          `  const fill = await pipeline('fill-mask', '${folder}', { dtype: 'fp32' });`,
        ]
      : [
          `${folder}: ${files.join(', ')}`,
          'The checkpoint has no tokenizer: transformers.js needs a tokenizer.json and a tokenizer_config.json beside them.',
        ],
  );
}
