import { removeTensorflow, setupTensorflow, tensorflowFolder } from '@mlm/compile';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import type { SetupTensorflowOptions } from './command.js';

export async function runSetupTensorflow(context: Context, options: SetupTensorflowOptions): Promise<void> {
  if (options.undo === true) {
    const removed = await removeTensorflow();
    printResult(context, options, { removed, folder: tensorflowFolder() }, () => [
      removed ? `Removed TensorFlow from ${tensorflowFolder()}.` : 'There was nothing to remove.',
    ]);
    return;
  }
  const style = styleFor(context.stderr, context.env);
  const { folder, installation, check } = await setupTensorflow({
    gpu: options.gpu,
    python: options.python,
    signal: context.signal,
    onProgress(phase, line) {
      if (options.quiet !== true) context.stderr.write(`${style('bold', phase)}  ${line}\n`);
    },
  });
  printResult(context, options, { folder, installation, check }, (style) => [
    `${style('green', 'TensorFlow')} ${installation.tensorflow_version} works (${folder}).`,
    `  matrix product: ${check.matmul_gflops} GFLOP/s on ${check.device}`,
    `  training step of a small layer: ${check.step_milliseconds} ms`,
    `Next: ${commandName(context.env)} train <dataset> --engine tensorflow`,
  ]);
}
