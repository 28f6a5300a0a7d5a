import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { type EngineProbe, enginePlaces, probeEngine } from '@mlm/engines';
import { commandName } from '../../command-name.js';
import type { Context } from '../../context.js';
import { spell } from '../../options/flags.js';
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
  const engines: ProbeRecord[] = [];
  const progress = createProgress({ stream: context.stderr, env: context.env, label: 'doctor', ...options });
  for (const place of enginePlaces) {
    context.signal.throwIfAborted();
    progress.update({
      done: engines.length,
      total: enginePlaces.length,
      details: () => [`trying ${place.engine} on ${place.device}`],
    });
    const probe = await probeEngine(place, context.signal);
    engines.push(probeRecord(context, probe));
  }
  progress.finish();
  printResult(context, options, { ...machine, engines }, (style) => [
    `Node ${machine.node}, ${machine.platform}, ${machine.processor}, ${machine.threads} threads`,
    `memory ${formatBytes(machine.memory_bytes)}, free ${formatBytes(machine.free_memory_bytes)}`,
    '',
    ...describeEngines(engines, style),
  ]);
}

/** The result of trying an engine, for `--json`, with messages and commands spelled for this user's command line. */
export function probeRecord(context: Context, { engine, error, remedy, ...probe }: EngineProbe) {
  const mlm = commandName(context.env);
  return {
    target: engine,
    ...probe,
    error: error && spell(error, mlm),
    remedy: remedy && spell(remedy, mlm),
  };
}

type ProbeRecord = ReturnType<typeof probeRecord>;

function describeEngines(engines: ProbeRecord[], style: Style): string[] {
  const working = engines.filter(({ works }) => works);
  const missing = engines.filter(({ works }) => !works);
  return [
    ...alignColumns(
      [
        ['engine', 'device', 'version', 'matrix product', 'training step'],
        ...working.map(({ target, device, version = '', matmul_gflops, step_milliseconds }) => [
          target,
          device,
          version,
          matmul_gflops === undefined ? '' : formatFlopRate(matmul_gflops),
          `${step_milliseconds} ms`,
        ]),
      ],
      [3, 4],
    ),
    ...missing.flatMap(({ target, device, error, remedy }) => [
      '',
      `${style('yellow', 'missing')}  --engine ${target} --device ${device}: ${error}`,
      ...(remedy === undefined ? [] : [`         to get it: ${remedy}`]),
    ]),
  ];
}
