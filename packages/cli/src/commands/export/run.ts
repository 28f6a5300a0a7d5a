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
  printResult(context, options, result, () => [
    `${output}/: config.json, the tokenizer’s files and onnx/model.onnx (${formatBytes(result.bytes)})`,
    `In a page or in Node: await pipeline('fill-mask', '${output}', { dtype: 'fp32' })`,
  ]);
}
