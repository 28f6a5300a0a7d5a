import { Plugin } from '@mlm/pjrt';
import type { Graph, TypedArray, Value } from '../../src/graph/graph.js';
import { applyPasses } from '../../src/passes/passes.js';
import { toStableHlo } from '../../src/targets/xla/emit/module.js';
import type { EmitOptions } from '../../src/targets/xla/statements.js';
import { passes, sizedPasses } from '../../src/targets/xla/target.js';

const plugin = await Plugin.load(process.env.MLM_PJRT_PLUGIN!);
const client = await plugin.createClient({ cpu_device_count: 1 });

/** Many small programs: LLVM's optimizer would take most of the time. */
const quick = { flags: { xla_backend_optimization_level: 0 } };

/** The output `value` of a graph of static shapes, through XLA. */
export async function evaluate(
  graph: Graph,
  given: ReadonlyMap<Value, TypedArray>,
  options: EmitOptions = {},
): Promise<TypedArray> {
  const { text, parameters } = toStableHlo(applyPasses([...passes, ...sizedPasses], graph), options);
  const program = await client.compile(text, quick).catch((error: Error) => {
    throw new Error(`${error.message}\n${text}`);
  });
  const inputs = parameters.map(({ name }) => {
    const [{ shape, dtype }, values] = [...given].find(([value]) => value.name === name)!;
    return client.upload(values, shape as number[], { type: dtype });
  });
  const [[output]] = (await program.execute([inputs])) as [typeof inputs];
  const result = await output!.download();
  for (const handle of [...inputs, output!, program]) handle.destroy();
  return result as TypedArray;
}
