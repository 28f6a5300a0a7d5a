import type { Graph, Value } from '../graph/graph.js';
import { type AddNode, rewrite } from '../graph/rewrite.js';
import { isNear, operands, other, scaled, shifted } from './pattern.js';

/**
 * Rewrites the exact GELU, x·Φ(x), and its derivative, Φ(x) + x·φ(x), in terms of u = x / √2, so that both share one
 * error function and matrix products can absorb all constants (Hendrycks and Gimpel 2016, arXiv:1606.08415):
 *
 *     x·Φ(x) = √½ · u·(1 + erf u)        Φ(x) + x·φ(x) = ½ · ((1 + erf u) + 2/√π · u / exp u²)
 */
export function rewriteGelu(graph: Graph): Graph {
  return rewrite(graph, ({ op, outputs }, inputs, emit) => {
    const [output] = outputs as [Value];
    if (op === 'Multiply') {
      const parts = inputs.map(matchCumulative).find((found) => found && inputs.includes(found.x));
      if (!parts) return undefined;
      return [emitScaled(emit('Multiply', [parts.u, parts.twice], {}, [output])[0], Math.SQRT1_2, emit)];
    }
    if (op === 'Add') {
      const cumulative = inputs.map(matchCumulative).find((found) => found !== undefined);
      const slope = inputs.some((value) => cumulative && isDensityTimes(value, cumulative.x));
      return cumulative && slope ? [emitSlope(cumulative, output, emit)] : undefined;
    }
    return undefined;
  });
}

interface Cumulative {
  readonly x: Value;
  /** x / √2 */
  readonly u: Value;
  /** 1 + erf u = 2·Φ(x) */
  readonly twice: Value;
}

/** ½ · (1 + erf(x / √2)). */
function matchCumulative(value: Value): Cumulative | undefined {
  const half = scaled(value);
  const sum = shifted(half?.x);
  const u = operands(sum?.x, 'Erf')?.[0];
  const argument = scaled(u);
  if (!half || !u || !argument || sum?.term !== 1) return undefined;
  if (!isNear(half.factor, 0.5) || !isNear(argument.factor, Math.SQRT1_2)) return undefined;
  return { x: argument.x, u, twice: half.x };
}

/** x · φ(x), with φ(x) = exp(−x²/2) / √(2π). */
function isDensityTimes(value: Value, x: Value): boolean {
  const density = scaled(other(operands(value, 'Multiply'), (operand) => operand === x));
  const exponent = scaled(operands(density?.x, 'Exp')?.[0]);
  return (
    isNear(density?.factor, 1 / Math.sqrt(2 * Math.PI)) &&
    isNear(exponent?.factor, -0.5) &&
    operands(exponent?.x, 'Square')?.[0] === x
  );
}

function emitSlope({ u, twice }: Cumulative, output: Value, emit: AddNode): Value {
  const apply = (op: string, ...values: Value[]) => emit(op, values, {}, [output])[0];
  const density = apply('RealDiv', u, apply('Exp', apply('Square', u)));
  return emitScaled(apply('Add', twice, emitScaled(density, 2 / Math.sqrt(Math.PI), emit)), 0.5, emit);
}

function emitScaled(x: Value, factor: number, emit: AddNode): Value {
  const constant = emit('Fill', [], { shape: [], value: factor }, [{ shape: [], dtype: 'float32' }])[0];
  return emit('Multiply', [x, constant], {}, [x])[0];
}

/** The number of error functions in a rewritten graph that are not part of a GELU. */
export function looseErrorFunctions({ nodes }: Graph): number {
  const used = new Set<Value>();
  for (const { op, inputs } of nodes) {
    if (op !== 'Multiply') continue;
    for (const [u, twice] of [inputs, [...inputs].reverse()]) {
      const erf = shifted(twice)?.x;
      if (erf && operands(erf, 'Erf')?.[0] === u) used.add(erf);
    }
  }
  return nodes.filter(({ op, outputs }) => op === 'Erf' && !used.has(outputs[0]!)).length;
}
