import type { Graph, Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';
import { ADAMW, adamWInputs } from '../primitives/adamw.js';

/** Expands AdamW into plain operations, for targets that have no kernel for it. */
export function expandAdamW(graph: Graph): Graph {
  return rewrite(graph, (node, inputs, emit) => {
    if (node.op !== ADAMW) return undefined;
    const { parameter, firstMoment, secondMoment, ...update } = adamWInputs(node, inputs);
    const { firstKeep, secondKeep, stepSize, secondMomentScale, clip, decay } = update;
    const apply = (op: string, ...values: Value[]): Value => emit(op, values, {}, [values[0]!])[0];
    const number = (value: number): Value =>
      emit('Fill', [], { shape: [], value }, [{ shape: [], dtype: 'float32' }])[0];
    const gradient = clip ? apply('Multiply', update.gradient, clip) : update.gradient;
    const average = (moment: Value, keep: Value, sample: Value) =>
      apply('Add', apply('Multiply', moment, keep), apply('Multiply', sample, apply('Sub', number(1), keep)));
    const first = average(firstMoment, firstKeep, gradient);
    const second = average(secondMoment, secondKeep, apply('Square', gradient));
    const root = apply('Multiply', apply('Sqrt', second), secondMomentScale);
    const denominator = apply('Add', root, number(node.attributes.epsilon as number));
    const decayed = decay ? apply('Sub', parameter, apply('Multiply', parameter, decay)) : parameter;
    const change = apply('Multiply', apply('RealDiv', first, denominator), stepSize);
    return [apply('Sub', decayed, change), first, second];
  });
}
