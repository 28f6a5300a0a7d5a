import type { Precision } from '@mlm/compile';
import type { TrainSettings } from '@mlm/train';
import { type Command, Option } from 'commander';
import type { Context } from '../context.js';
import { integer } from './parse.js';

/** What runs the model, as `train`, `eval` and `fill` take it. */
export interface EngineOptions {
  engine: 'auto' | 'onnx' | 'tensorflow' | 'eager';
  device: 'auto' | 'cpu' | 'webgpu' | 'cuda';
  precision: Precision;
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
      new Option('--precision <type>', 'tf32 (NVIDIA GPUs), bf16: operands of matrix products only')
        .choices(['fp32', 'tf32', 'bf16'])
        .default('fp32'),
    )
    .option('--xla', 'tensorflow compiles the graph with XLA, anew for each of a few shapes')
    .option('--threads <n>', 'threads of the engine (default: one a core)', integer(1, 1024));
}

/** What was picked, and a report of it. */
export interface EnginePick {
  /** The options as the train package takes them. */
  settings: Pick<TrainSettings, 'engine' | 'device' | 'precision'> & { threads?: number; xla?: boolean };
  /**
   * Says on standard error what `auto` picked and why, unless that is onnxruntime on the CPU of a machine without a GPU;
   * and that bf16 is slow here, where it is. To be called once the engine has loaded: where it does not, its error is all
   * that matters.
   */
  report(): void;
}

/** Picks by what the machine has where the options leave it to `auto`. */
export async function pickEngine(
  { stderr }: Context,
  { engine, device, precision, xla, threads, quiet }: EngineOptions & { quiet?: boolean },
): Promise<EnginePick> {
  const { chooseEngine, hasBfloat16 } = await import('@mlm/engines');
  const choice = await chooseEngine({ engine, device, precision });
  const plain =
    choice.engine === 'onnx' &&
    choice.device === 'cpu' &&
    (device === 'cpu' || choice.reason === 'no GPU was found');
  const emulated =
    precision === 'bf16' &&
    choice.engine === 'tensorflow' &&
    choice.device === 'cpu' &&
    hasBfloat16() === false;
  return {
    settings: {
      engine: choice.engine,
      device: choice.device,
      ...(threads === undefined ? {} : { threads }),
      precision,
      ...(xla === undefined ? {} : { xla }),
    },
    report() {
      if (quiet === true) return;
      if (choice.reason !== 'as asked' && !plain)
        stderr.write(`mlm: engine ${choice.engine} on ${choice.device} (${choice.reason})\n`);
      if (emulated)
        stderr.write(
          'mlm: this CPU has no bfloat16 instructions (AVX512_BF16 or AMX): --precision bf16 is emulated, which is slow\n',
        );
    },
  };
}
