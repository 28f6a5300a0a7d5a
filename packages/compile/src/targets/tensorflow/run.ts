import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engine, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import type { Executable, ExecutableInput } from '../../executable.js';
import { staticShape } from '../../graph/dimension.js';
import type { Graph, TypedArray } from '../../graph/graph.js';
import type { InputSpec, VariableSpec } from '../../trace/trace.js';
import { type ResolvedInput, resolveInputs, rowsOf } from '../inputs.js';
import type { Variables } from '../target.js';
import { copyInto, emptyValue, initialValue, pick } from '../variables.js';
import { explainMemoryError } from './cuda.js';
import {
  loadTfjsNode,
  type SavedModelSignature,
  type TensorflowOptions,
  type TfjsNode,
} from './load-tfjs-node.js';
import { RUN_SIGNATURE, SERVING_TAG, type StateGroup, stateGroups, toSavedModel } from './saved-model.js';
import { SharedVariables, type VariableHolder } from './shared-variables.js';

const BACKEND = 'tensorflow';

type Feed = ResolvedInput & { readonly name: string };

/** A group of variables with its two signatures, loaded. */
interface LoadedGroup extends Omit<StateGroup, 'read' | 'write'> {
  read: SavedModelSignature;
  write: SavedModelSignature;
}

/** Runs a graph as a SavedModel in tfjs-node. Variables stay in TensorFlow's session; a run only passes inputs. */
export class TensorflowExecutable implements Executable, VariableHolder {
  private constructor(
    private readonly tf: TfjsNode,
    private readonly graph: Graph,
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    private readonly specs: ReadonlyMap<string, VariableSpec | Variable>,
    private readonly signature: SavedModelSignature,
    private readonly groups: readonly LoadedGroup[],
    private readonly shared: SharedVariables,
    readonly device: string,
  ) {}

  /**
   * @param share an executable whose variables this one uses instead of new ones
   * @throws InputError if TensorFlow is not set up
   */
  static async create(
    graph: Graph,
    inputs: Readonly<Record<string, InputSpec>>,
    variables: Variables,
    options: TensorflowOptions = {},
    share?: TensorflowExecutable,
  ): Promise<TensorflowExecutable> {
    const tf = await loadTfjsNode(options);
    // Each executable gets its own folder: tfjs-node shares a session, with its variables, between loads of one path.
    const folder = await mkdtemp(join(tmpdir(), 'mlm-savedmodel-'));
    try {
      await writeFile(join(folder, 'saved_model.pb'), toSavedModel(graph, { precision: options.precision }));
      const load = (name: string) =>
        onTensorflow(tf, () => tf.node.loadSavedModel(folder, [SERVING_TAG], name));
      const signature = await load(RUN_SIGNATURE);
      const groups: LoadedGroup[] = [];
      for (const { read, write, variables } of stateGroups(graph)) {
        groups.push({ variables, read: await load(read), write: await load(write) });
      }
      const specs = new Map(Object.entries(variables));
      const shared = share?.shared ?? new SharedVariables();
      const executable = new TensorflowExecutable(
        tf,
        graph,
        inputs,
        specs,
        signature,
        groups,
        shared,
        options.device ?? 'cpu',
      );
      for (const group of groups) await executable.#initialize(group);
      if (!share) shared.changed(executable, specs.keys());
      return executable;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const resolved = Object.entries(resolveInputs(this.inputs, given).inputs);
    const known = new Set(this.graph.inputs.map(({ name }) => name));
    const feeds = resolved.filter(([name]) => known.has(name)).map(([name, input]) => ({ name, ...input }));
    await this.shared.bringTo(this, this.specs.keys());
    const outputs = await this.#predict(this.signature, feeds);
    this.shared.changed(this, Object.keys(this.graph.updates));
    return outputs;
  }

  async read(names: readonly string[] = [...this.specs.keys()]): Promise<Record<string, TypedArray>> {
    pick(this.specs, names);
    await this.shared.bringTo(this, names);
    return this.readLocal(names);
  }

  async write(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    pick(this.specs, Object.keys(values));
    await this.writeLocal(values);
    this.shared.changed(this, Object.keys(values));
  }

  async readLocal(names: readonly string[]): Promise<Record<string, TypedArray>> {
    const wanted = new Set(names);
    const values: Record<string, TypedArray> = {};
    for (const group of this.groups) {
      if (!group.variables.some(({ name }) => wanted.has(name))) continue;
      const read = await this.#predict(group.read, []);
      for (const [name, value] of Object.entries(read)) if (wanted.has(name)) values[name] = value;
    }
    return values;
  }

  async writeLocal(values: Readonly<Record<string, TypedArray>>): Promise<void> {
    for (const group of this.groups) {
      const names = group.variables.map(({ name }) => name);
      const given = names.filter((name) => values[name]);
      if (given.length === 0) continue;
      // A group is written as a whole; variables not given keep their values.
      const kept = given.length < names.length ? await this.#predict(group.read, []) : {};
      await this.#assign(group, (name) => values[name] ?? kept[name]!);
    }
  }

  async dispose(): Promise<void> {
    for (const { read, write } of this.groups) {
      read.dispose();
      write.dispose();
    }
    this.signature.dispose();
  }

  async #initialize(group: LoadedGroup): Promise<void> {
    await this.#assign(group, (name) => initialValue(name, this.specs.get(name)!));
  }

  async #assign(group: LoadedGroup, values: (name: string) => TypedArray): Promise<void> {
    const feeds = group.variables.map(({ name, shape }) => {
      const data = emptyValue(this.specs.get(name)!);
      copyInto(name, data, values(name));
      return { name, data, shape: staticShape(shape) };
    });
    await this.#predict(group.write, feeds);
  }

  /** Runs a signature and frees its input and output tensors. */
  async #predict(
    signature: SavedModelSignature,
    feeds: readonly Feed[],
  ): Promise<Record<string, TypedArray>> {
    return onTensorflow(this.tf, () => {
      const tensors = feeds.map(({ name, data, shape }) => [name, makeTensor(data, shape)] as const);
      const results = signature.predict(Object.fromEntries(tensors));
      for (const [, tensor] of tensors) tensor.dispose();
      const outputs: Record<string, TypedArray> = {};
      for (const [name, tensor] of Object.entries(results)) {
        outputs[name] = tensor.dataSync() as TypedArray;
        tensor.dispose();
      }
      return outputs;
    }).catch((error: Error) => {
      throw explainMemoryError(this.device, error, signature === this.signature ? rowsOf(feeds) : undefined);
    });
  }
}

function makeTensor(data: TypedArray, shape: readonly number[]): Tensor {
  const dtype = data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
  return engine().makeTensor(data, [...shape], dtype);
}

/** Makes tfjs-node's backend current while `body` runs: signatures create their outputs on the current backend. */
async function onTensorflow<T>(tf: TfjsNode, body: () => T | Promise<T>): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(BACKEND);
  try {
    return await body();
  } finally {
    if (before) await tf.setBackend(before);
  }
}
