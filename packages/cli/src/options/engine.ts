import { choice, options, type Settings } from '@mlm/base/options';
import type { EngineOptions } from '@mlm/train';
import { engineOptions as libraryOptions } from '@mlm/train/options';
import type { Context } from '../context.js';

/** The engine options of `train`, `eval` and `fill`: the library's, plus `auto`. */
export const engineOptions = options({
  ...libraryOptions,
  engine: choice(['auto', ...libraryOptions.engine.choices], { ...libraryOptions.engine, default: 'auto' }),
  device: choice(['auto', ...libraryOptions.device.choices], { ...libraryOptions.device, default: 'auto' }),
});

export type EngineSettings = Settings<typeof engineOptions>;

/** The chosen engine, and a report of the choice. */
export interface EnginePick {
  /** The options for the train package. */
  settings: EngineOptions;
  /**
   * Reports on standard error what `auto` chose and why, unless that is onnxruntime on the CPU of a machine without a
   * GPU, and warns if bf16 is slow here. Call it once the engine has loaded; if it does not load, only its error
   * matters.
   */
  report(): void;
}

/** Chooses engine and device by what the machine has, unless the options name them. */
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
