import {
  type EngineProbe,
  removeTensorflow,
  removeXla,
  setupTensorflow,
  setupXla,
  tensorflowFolder,
  xlaFolder,
} from '@mlm/engines';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { spell } from '../../options/flags.js';
import { formatFlopRate } from '../../output/numbers.js';
import { printResult } from '../../output/report.js';
import { styleFor } from '../../output/style.js';
import { probeRecord } from '../doctor/run.js';
import type { SetupTensorflowSettings, SetupXlaSettings } from './command.js';

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
      cuda_check: cudaCheck && probeRecord(context, cudaCheck),
    },
    (style) => [
      `${style('green', 'TensorFlow')} ${installation.tensorflow_version} works (${folder}).`,
      ...[check, ...(cudaCheck ? [cudaCheck] : [])].map(describeCheck),
      ...(installation.gpu && !cudaCheck ? ["  cuda: not tried, NVIDIA's driver is not loaded"] : []),
      `Next: ${commandName(context.env)} train <dataset> --engine tensorflow`,
    ],
  );
}

export async function runSetupXla(context: Context, options: SetupXlaSettings): Promise<void> {
  if (options.undo) {
    const removed = await removeXla();
    printResult(context, options, { removed, folder: xlaFolder() }, () => [
      removed ? `Removed XLA from ${xlaFolder()}.` : 'There was nothing to remove.',
    ]);
    return;
  }
  const style = styleFor(context.stderr, context.env);
  const { rocm, tpu, quiet } = options;
  const { folder, installation, check } = await setupXla({
    rocm,
    tpu,
    signal: context.signal,
    onProgress(phase, line) {
      if (!quiet) context.stderr.write(`${style('bold', phase)}  ${line}\n`);
    },
  });
  printResult(
    context,
    options,
    { folder, installation, check: check && probeRecord(context, check) },
    (style) => [
      `${style('green', 'XLA')} (${installation.package}) is set up for ${installation.device} (${folder}).`,
      check ? describeCheck(check) : "  not tried: NVIDIA's driver is not loaded",
      `Next: ${commandName(context.env)} train <dataset> --engine xla --device ${installation.device}`,
    ],
  );
}

function describeCheck({ device, works, error, matmul_gflops = 0, step_milliseconds }: EngineProbe): string {
  if (!works) return `  ${device}: ${spell(error ?? [])}`;
  return `  ${device}: a matrix product at ${formatFlopRate(matmul_gflops)}, a training step of a small layer in ${step_milliseconds} ms`;
}
