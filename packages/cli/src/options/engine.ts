import { type Command, Option } from 'commander';
import type { Context } from '../context.js';
import { integer } from './parse.js';

/** What runs the model, as `train`, `eval` and `fill` take it. */
export interface EngineOptions {
  engine: 'auto' | 'onnx' | 'tensorflow' | 'eager';
  device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  precision: 'fp32' | 'bf16';
  xla?: boolean;
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
    .option('--xla', 'tensorflow compiles the graph with XLA')
    .option('--threads <n>', 'threads of the engine (default: one a core)', integer(1, 1024));
}

/**
 * The options as the train package takes them; what is left to `auto` is picked by what the machine has. A pick other
 * than onnxruntime on the CPU of a machine without a GPU is said, with its reason, on standard error.
 */
export async function engineSettings(
  context: Context,
  { engine, device, precision, xla, threads, quiet }: EngineOptions & { quiet?: boolean },
) {
  const { chooseEngine } = await import('@mlm/compile');
  const choice = await chooseEngine({ engine, device, precision });
  const plain = choice.engine === 'onnx' && choice.reason === 'no GPU was found';
  if (quiet !== true && choice.reason !== 'as asked' && !plain) {
    context.stderr.write(`mlm: engine ${choice.engine} on ${choice.device} (${choice.reason})\n`);
  }
  return {
    engine: choice.engine,
    device: choice.device,
    ...(threads === undefined ? {} : { threads }),
    precision,
    ...(xla === undefined ? {} : { xla }),
  };
}
