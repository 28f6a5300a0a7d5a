import { choice, options, type Settings } from '@mlm/base/options';
import type { EngineOptions } from '@mlm/train';
import { engineOptions as libraryOptions } from '@mlm/train/options';
import type { Context } from '../context.js';

/** What runs the model, as `train`, `eval` and `fill` take it: the library's options, and `auto`. */
export const engineOptions = options({
  ...libraryOptions,
  engine: choice(['auto', ...libraryOptions.engine.choices], { ...libraryOptions.engine, default: 'auto' }),
  device: choice(['auto', ...libraryOptions.device.choices], { ...libraryOptions.device, default: 'auto' }),
});

export type EngineSettings = Settings<typeof engineOptions>;

/** What was picked, and a report of it. */
export interface EnginePick {
  /** The options as the train package takes them. */
  settings: EngineOptions;
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
  { engine, device, precision, xla, devices, threads, quiet }: EngineSettings & { quiet?: boolean },
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
    settings: { engine: choice.engine, device: choice.device, threads, precision, xla, devices },
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
