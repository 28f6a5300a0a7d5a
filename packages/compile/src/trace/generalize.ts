import type { DimensionTerm, SymbolicDimension } from '../graph/dimension.js';
import {
  type Attribute,
  type Attributes,
  type Graph,
  makeNode,
  type Node,
  type Value,
} from '../graph/graph.js';

/** One recording of the function and the sizes that its named dimensions had. */
export interface Sample {
  readonly sizes: ReadonlyMap<string, number>;
  readonly graph: Graph;
}

const PRIMES = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61] as const;

/**
 * The sizes to record with: every combination of two sizes a name, from which a sum of products is solved, and one
 * more to check the solution.
 */
export function sampleSizes(names: readonly string[]): ReadonlyMap<string, number>[] {
  if (names.length === 0) return [new Map()];
  if (names.length > 4) throw new Error(`a function may have at most 4 named sizes, not ${names.length}`);
  const corners = Array.from(
    { length: 2 ** names.length },
    (_, corner) => new Map(names.map((name, i) => [name, PRIMES[2 * i + ((corner >> i) & 1)]!])),
  );
  return [...corners, new Map(names.map((name, i) => [name, PRIMES[2 * names.length + i]!]))];
}

/**
 * One graph for all sizes from recordings of the same function at several sizes. Structure must be equal;
 * a number that differs becomes an expression of the named sizes.
 */
export function generalize(samples: readonly Sample[], names: readonly string[]): Graph {
  const graphs = samples.map(({ graph }) => graph);
  return samples.length === 1 ? graphs[0]! : generalizeGraphs(graphs, samples, names);
}

function generalizeGraphs(
  graphs: readonly Graph[],
  samples: readonly Sample[],
  names: readonly string[],
): Graph {
  const [first] = graphs as [Graph];
  const values = new Map<Value, Value>();
  const solve = (numbers: readonly number[], where: string) => solveNumber(numbers, samples, names, where);
  const solveShape = (shapes: readonly Value[], where: string) =>
    shapes[0]!.shape.map((_, axis) =>
      solve(
        shapes.map(({ shape }) => shape[axis] as number),
        where,
      ),
    );
  const leaves = (kind: 'inputs' | 'variables') =>
    first[kind].map((value, i) => {
      const all = graphs.map((graph) => graph[kind][i]!);
      const general = { ...value, shape: solveShape(all, `shape of '${value.name}'`) };
      values.set(value, general);
      return general;
    });
  const inputs = leaves('inputs');
  const variables = leaves('variables');
  const index = graphs.map(
    (graph) => new Map(graph.nodes.flatMap(({ outputs }) => outputs).map((value, i) => [value, i])),
  );
  const nodes = first.nodes.map((node, i): Node => {
    const all = graphs.map((graph) => graph.nodes[i]);
    const where = `${node.op} (node ${i})`;
    if (!all.every((other, at): other is Node => sameStructure(node, index[0]!, other, index[at]!))) {
      throw new Error(
        `the function does different things for different sizes of ${names.join(', ')}, first at ${where}; ` +
          'it may not branch or loop on a named size',
      );
    }
    const outputs = node.outputs.map((value, j) => ({
      dtype: value.dtype,
      shape: solveShape(
        all.map(({ outputs }) => outputs[j]!),
        where,
      ),
    }));
    const attributes = generalizeAttributes(
      all.map(({ attributes }) => attributes),
      solve,
      where,
    );
    const body =
      node.body &&
      generalizeGraphs(
        all.map(({ body }) => body!),
        samples,
        names,
      );
    const general = makeNode(
      node.op,
      node.inputs.map((value) => values.get(value)!),
      attributes,
      outputs,
      body,
    );
    node.outputs.forEach((value, j) => {
      values.set(value, general.outputs[j]!);
    });
    return general;
  });
  const renamed = (record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).map(([name, value]) => [name, values.get(value)!]));
  return { inputs, variables, nodes, outputs: renamed(first.outputs), updates: renamed(first.updates) };
}

function sameStructure(
  node: Node,
  nodeIndex: ReadonlyMap<Value, number>,
  other: Node | undefined,
  otherIndex: ReadonlyMap<Value, number>,
): boolean {
  if (!other || other.op !== node.op || other.inputs.length !== node.inputs.length) return false;
  if (other.outputs.length !== node.outputs.length) return false;
  if (!node.outputs.every(({ shape }, i) => shape.length === other.outputs[i]!.shape.length)) return false;
  return node.inputs.every((value, i) => {
    const twin = other.inputs[i]!;
    return value.node ? nodeIndex.get(value) === otherIndex.get(twin) : value.name === twin.name;
  });
}

type Solve = (numbers: readonly number[], where: string) => number | SymbolicDimension;

function generalizeAttributes(all: readonly Attributes[], solve: Solve, where: string): Attributes {
  return Object.fromEntries(
    Object.keys(all[0]!).map((name) => [
      name,
      generalizeAttribute(
        all.map((attributes) => attributes[name]!),
        solve,
        `${where}, ${name}`,
      ),
    ]),
  );
}

function generalizeAttribute(all: readonly Attribute[], solve: Solve, where: string): Attribute {
  const [first] = all as [Attribute];
  if (typeof first === 'number') return solve(all as number[], where);
  if (Array.isArray(first)) {
    return first.map((_, i) =>
      generalizeAttribute(
        all.map((attribute) => (attribute as readonly Attribute[])[i]!),
        solve,
        where,
      ),
    );
  }
  if (ArrayBuffer.isView(first)) {
    const same = (all as (typeof first)[]).every(
      (array) => array.length === first.length && array.every((value, i) => Object.is(value, first[i])),
    );
    if (same) return first;
    throw new Error(`the constant at ${where} differs with a named size: pass it as an input`);
  }
  if (all.every((attribute) => attribute === first)) return first;
  throw new Error(`the attribute at ${where} differs with a named size`);
}

/** The sum of products of sizes that gives every sample's number. */
function solveNumber(
  numbers: readonly number[],
  samples: readonly Sample[],
  names: readonly string[],
  where: string,
): number | SymbolicDimension {
  const [first] = numbers as [number];
  if (numbers.every((value) => Object.is(value, first))) return first;
  const terms: DimensionTerm[] = [];
  const corners = 2 ** names.length;
  // Divided differences over the corners give one factor for every subset of the names.
  for (let subset = corners - 1; subset > 0; subset--) {
    const chosen = names.filter((_, i) => (subset >> i) & 1);
    const factor = dividedDifference(numbers, samples, terms, names, subset);
    if (factor !== 0) terms.push({ factor, names: chosen });
  }
  const rest = numbers[0]! - evaluate(terms, samples[0]!);
  if (rest !== 0) terms.push({ factor: rest, names: [] });
  const solved = terms.every(({ factor }) => Number.isInteger(factor));
  if (!solved || !samples.every((sample, i) => evaluate(terms, sample) === numbers[i])) {
    const seen = samples.map(
      ({ sizes }, i) => `${numbers[i]} at ${[...sizes].map((s) => s.join('=')).join(' ')}`,
    );
    throw new Error(
      `a number at ${where} is no sum of products of named sizes (${seen.join(', ')}); ` +
        'let tensor operations compute it, for example tf.mean instead of a division by a size',
    );
  }
  return { terms };
}

const evaluate = (terms: readonly DimensionTerm[], { sizes }: Sample): number =>
  terms.reduce((sum, { factor, names }) => sum + names.reduce((p, name) => p * sizes.get(name)!, factor), 0);

/** The factor of one subset's product: what the terms of larger subsets leave, differenced along every name in it. */
function dividedDifference(
  numbers: readonly number[],
  samples: readonly Sample[],
  larger: readonly DimensionTerm[],
  names: readonly string[],
  subset: number,
): number {
  let difference = 0;
  let span = 1;
  names.forEach((name, i) => {
    if ((subset >> i) & 1) span *= samples[2 ** i]!.sizes.get(name)! - samples[0]!.sizes.get(name)!;
  });
  for (let corner = subset; ; corner = (corner - 1) & subset) {
    const rest = numbers[corner]! - evaluate(larger, samples[corner]!);
    difference += bitCount(subset ^ corner) % 2 === 0 ? rest : -rest;
    if (corner === 0) break;
  }
  return difference / span;
}

const bitCount = (bits: number): number => (bits === 0 ? 0 : (bits & 1) + bitCount(bits >> 1));
