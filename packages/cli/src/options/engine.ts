import { type Command, Option } from 'commander';
import { integer } from './parse.js';

/** What runs the model, as `train`, `eval` and `fill` take it. */
export interface EngineOptions {
  engine: 'auto' | 'onnx' | 'tensorflow' | 'eager';
  device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  precision: 'fp32' | 'bf16';
  threads?: number;
}

export function addEngineOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--engine <name>', 'what runs the model')
        .choices(['auto', 'onnx', 'tensorflow', 'eager'])
        .default('auto'),
    )
    .addOption(
      new Option('--device <name>', 'where it runs')
        .choices(['auto', 'cpu', 'webgpu', 'cuda'])
        .default('auto'),
    )
    .addOption(
      new Option('--precision <type>', 'bf16: operands of matrix products only')
        .choices(['fp32', 'bf16'])
        .default('fp32'),
    )
    .option('--threads <n>', 'threads of the engine (default: one a core)', integer(1, 1024));
}

/** The options as the train package takes them; what is left to it is left out. */
export function engineSettings({ engine, device, precision, threads }: EngineOptions) {
  return {
    ...(engine === 'auto' ? {} : { engine }),
    ...(device === 'auto' ? {} : { device }),
    ...(threads === undefined ? {} : { threads }),
    precision,
  };
}
