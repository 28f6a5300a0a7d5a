import type { Graph, Node, Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';
import { DROPOUT_MASK } from '../primitives/dropout-mask.js';

/** `DropoutMasks(key)` {shape, rate, streams}: the {@link DROPOUT_MASK} of each stream. */
export const DROPOUT_MASKS = 'DropoutMasks';

/** Joins the masks of equal shape, rate and key, for targets that draw them in one kernel. */
export function joinMasks(graph: Graph): Graph {
  const streams = new Map<string, number[]>();
  const keys = new Map<Value, number>();
  const groupOf = ({ inputs: [key], attributes: { shape, rate } }: Node): string => {
    if (!keys.has(key!)) keys.set(key!, keys.size);
    return JSON.stringify([keys.get(key!), shape, rate]);
  };
  for (const node of graph.nodes) {
    if (node.op !== DROPOUT_MASK) continue;
    const group = streams.get(groupOf(node)) ?? [];
    streams.set(groupOf(node), group);
    const stream = node.attributes.stream as number;
    if (!group.includes(stream)) group.push(stream);
  }
  const drawn = new Map<string, readonly Value[]>();
  return rewrite(graph, (node, [key], emit) => {
    if (node.op !== DROPOUT_MASK) return undefined;
    const group = groupOf(node);
    const list = streams.get(group)!;
    const { shape, rate, stream } = node.attributes;
    const spec = node.outputs[0]!;
    const masks =
      drawn.get(group) ??
      emit(
        DROPOUT_MASKS,
        [key!],
        { shape: shape!, rate: rate!, streams: list },
        list.map(() => spec),
      );
    drawn.set(group, masks);
    return [masks[list.indexOf(stream as number)]!];
  });
}
