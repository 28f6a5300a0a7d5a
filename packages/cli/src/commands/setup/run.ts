import { type EngineProbe, removeTensorflow, setupTensorflow, tensorflowFolder } from '@mlm/engines';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { spell } from '../../options/flags.js';
import { formatFlopRate } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import { probeRecord } from '../doctor/run.js';
import type { SetupTensorflowSettings } from './command.js';

export async function runSetupTensorflow(context: Context, options: SetupTensorflowSettings): Promise<void> {
  if (options.undo) {
    const removed = await removeTensorflow();
    printResult(context, options, { removed, folder: tensorflowFolder() }, () => [
      removed ? `Removed TensorFlow from ${tensorflowFolder()}.` : 'There was nothing to remove.',
    ]);
    return;
  }
  const style = styleFor(context.stderr, context.env);
  const { folder, installation, check, cudaCheck } = await setupTensorflow({
    gpu: options.gpu,
    python: options.python,
    signal: context.signal,
    onProgress(phase, line) {
      if (!options.quiet) context.stderr.write(`${style('bold', phase)}  ${line}\n`);
    },
  });
  printResult(
    context,
    options,
    {
      folder,
      installation,
      check: probeRecord(context, check),
      ...(cudaCheck && { cuda_check: probeRecord(context, cudaCheck) }),
    },
    (style) => [
      `${style('green', 'TensorFlow')} ${installation.tensorflow_version} works (${folder}).`,
      ...[check, ...(cudaCheck ? [cudaCheck] : [])].map(describeCheck),
      ...(installation.gpu && !cudaCheck ? ["  cuda: not tried, NVIDIA's driver is not loaded"] : []),
      `Next: ${commandName(context.env)} train <dataset> --engine tensorflow`,
    ],
  );
}

function describeCheck({ device, works, error, matmul_gflops = 0, step_milliseconds }: EngineProbe): string {
  if (!works) return `  ${device}: ${spell(error ?? [])}`;
  return `  ${device}: a matrix product at ${formatFlopRate(matmul_gflops)}, a training step of a small layer in ${step_milliseconds} ms`;
}
