import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { type EngineProbe, enginePlaces, probeEngine } from '@mlm/engines';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { formatBytes, formatFlopRate } from '../../output/numbers.js';
import { createProgress } from '../../output/progress.js';
import { alignColumns, printResult } from '../../output/report.js';
import type { Style } from '../../output/style.js';
import type { DoctorSettings } from './command.js';

export async function runDoctor(context: Context, options: DoctorSettings): Promise<void> {
  const machine = {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'unknown',
    threads: availableParallelism(),
    memory_bytes: totalmem(),
    free_memory_bytes: freemem(),
  };
  const engines: EngineProbe[] = [];
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'doctor', ...options });
  for (const place of enginePlaces) {
    context.signal.throwIfAborted();
    progress.update({
      done: engines.length,
      total: enginePlaces.length,
      details: () => [`trying ${place.engine} on ${place.device}`],
    });
    const probe = await probeEngine(place, context.signal);
    engines.push(runnable(probe, commandName(context.env)));
  }
  progress.finish();
  printResult(context, options, { ...machine, engines: engines.map(probeRecord) }, (style) => [
    `Node ${machine.node}, ${machine.platform}, ${machine.processor}, ${machine.threads} threads`,
    `memory ${formatBytes(machine.memory_bytes)}, free ${formatBytes(machine.free_memory_bytes)}`,
    '',
    ...describeEngines(engines, style),
  ]);
}

/** A trial as `--json` has it. */
export const probeRecord = ({ engine, ...probe }: EngineProbe) => ({ target: engine, ...probe });

/** The probe with the commands that it proposes as this user calls them. */
function runnable({ error, remedy, ...probe }: EngineProbe, mlm: string): EngineProbe {
  const named = (text: string) => text.replaceAll(/\bmlm (?=setup\b)/g, `${mlm} `);
  return {
    ...probe,
    ...(error === undefined ? {} : { error: named(error) }),
    ...(remedy === undefined ? {} : { remedy: named(remedy) }),
  };
}

function describeEngines(engines: EngineProbe[], style: Style): string[] {
  const working = engines.filter(({ works }) => works);
  const missing = engines.filter(({ works }) => !works);
  return [
    ...alignColumns(
      [
        ['engine', 'device', 'version', 'matrix product', 'training step'],
        ...working.map(({ engine, device, version = '', matmul_gflops, step_milliseconds }) => [
          engine,
          device,
          version,
          matmul_gflops === undefined ? '' : formatFlopRate(matmul_gflops),
          `${step_milliseconds} ms`,
        ]),
      ],
      [3, 4],
    ),
    ...missing.flatMap(({ engine, device, error, remedy }) => [
      '',
      `${style('yellow', 'missing')}  --engine ${engine} --device ${device}: ${error}`,
      ...(remedy === undefined ? [] : [`         to get it: ${remedy}`]),
    ]),
  ];
}
