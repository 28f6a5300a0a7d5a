import { type DataId, type DataType, engine, registerBackend, setBackend } from '@tensorflow/tfjs-core';
import type { DType, NamedValue, TypedArray } from '../../src/graph/graph.js';
import { removeUnused } from '../../src/graph/rewrite.js';
import { registerRules, SymbolicBackend, SymbolicData } from '../../src/trace/backend.js';
import { Recorder } from '../../src/trace/recorder.js';

const { evaluate } = (await import(
  process.env.MLM_TEST_ENGINES === 'xla' ? '../xla/evaluate.js' : './evaluate.js'
)) as typeof import('./evaluate.js');

const NAME = 'mlm-recorded';

/** Records operations as a trace does, and computes a tensor through the engine under test when its data is asked for. */
class RecordedBackend extends SymbolicBackend {
  readonly #given = new Map<NamedValue, TypedArray>();

  begin(): void {
    this.#given.clear();
    this.recorders.length = 0;
    this.recorders.push(new Recorder());
  }

  /** Data from the test is an input of the graph, so that neither we nor onnxruntime compute with it beforehand. */
  override write(data: Parameters<SymbolicBackend['write']>[0], shape: number[], dtype: DataType): DataId {
    if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') return super.write(data, shape, dtype);
    const value = { name: `input${this.#given.size}`, shape, dtype: dtype satisfies DType };
    const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
    this.#given.set(value, arrays[dtype].from(data as ArrayLike<number>));
    return new SymbolicData(this.recorder.declare(value));
  }

  override async read(id: DataId): Promise<TypedArray> {
    const { value } = id as SymbolicData;
    const inputs = [...this.#given.keys()];
    const recorded = { inputs, variables: [], nodes: this.recorder.nodes, outputs: { value }, updates: {} };
    return evaluate(removeUnused(recorded), this.#given);
  }
}

const backend = new RecordedBackend();
registerRules(backend, NAME);
registerBackend(NAME, () => backend, 0);

/** Starts an empty recording in a scope of its own. */
export async function begin(): Promise<void> {
  await setBackend(NAME);
  backend.begin();
  engine().startScope('test');
}

export const end = (): void => engine().endScope();
