import type { Graph, Node, Value } from '../graph/graph.js';
import { rewrite } from '../graph/rewrite.js';
import { DROPOUT_MASK, type DropoutMask } from '../primitives/dropout-mask.js';

/** `DropoutMasks(key)` {shape, rate, streams}: the {@link DROPOUT_MASK} of each stream. */
export const DROPOUT_MASKS = 'DropoutMasks';

/** Joins the masks of equal shape, rate and key, for targets that draw them in one kernel. */
export function joinMasks(graph: Graph): Graph {
  const groups = new Map<string, Group>();
  const keys = new Map<Value, number>();
  /** The group of a mask; new ones are added. */
  const groupOf = ({ inputs, attributes }: Node): Group => {
    const [key] = inputs as [Value];
    const { shape, rate } = attributes as MaskAttributes;
    keys.set(key, keys.get(key) ?? keys.size);
    const name = JSON.stringify([keys.get(key), shape, rate]);
    const group = groups.get(name) ?? { shape, rate, streams: [] };
    groups.set(name, group);
    return group;
  };
  for (const node of graph.nodes) {
    if (node.op !== DROPOUT_MASK) continue;
    const { streams } = groupOf(node);
    const { stream } = node.attributes as MaskAttributes;
    if (!streams.includes(stream)) streams.push(stream);
  }
  return rewrite(graph, (node, inputs, emit) => {
    if (node.op !== DROPOUT_MASK) return undefined;
    const group = groupOf(node);
    const { shape, rate, streams } = group;
    const outputs = streams.map(() => node.outputs[0]!);
    group.masks ??= emit(DROPOUT_MASKS, inputs, { shape, rate, streams }, outputs);
    return [group.masks[streams.indexOf((node.attributes as MaskAttributes).stream)]!];
  });
}

/** The attributes of a {@link DROPOUT_MASK}. */
type MaskAttributes = Node['attributes'] & DropoutMask;

/** Masks that are drawn together. */
interface Group extends Pick<MaskAttributes, 'shape' | 'rate'> {
  readonly streams: number[];
  /** Their values in the new graph, once they are drawn. */
  masks?: readonly Value[];
}
