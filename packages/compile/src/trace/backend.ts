import {
  type DataId,
  type DataType,
  engine,
  KernelBackend,
  type KernelConfig,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { Attributes, DType, TypedArray, Value } from '../graph/graph.js';
import { kernels } from './kernels/index.js';
import type { KernelRule } from './kernels/rule.js';
import type { Recorder } from './recorder.js';

/** The data of a symbolic tensor: the value that it stands for. */
export class SymbolicData {
  /** The number of tensors that share it, by which tfjs counts its tensors. */
  references = 1;
  constructor(readonly value: Value) {}
}

/** A tfjs backend that computes nothing; it records every kernel call with the recorder on top of its stack. */
export class SymbolicBackend extends KernelBackend {
  readonly recorders: Recorder[] = [];

  get recorder(): Recorder {
    const recorder = this.recorders.at(-1);
    if (!recorder) throw new Error('a tensor of a traced function was used after the trace ended');
    return recorder;
  }

  override write(values: Parameters<KernelBackend['write']>[0], shape: number[], dtype: DataType): DataId {
    return new SymbolicData(this.constant(values as ArrayLike<number>, shape, dtype));
  }

  constant(values: ArrayLike<number>, shape: readonly number[], dtype: DataType): Value {
    const array = toTypedArray(values, checkDType(dtype));
    const output = { shape, dtype: checkDType(dtype) };
    const first = array[0] ?? 0;
    if (array.every((value) => Object.is(value, first))) {
      return this.recorder.add('Fill', [], { shape, value: first }, [output])[0];
    }
    return this.recorder.add('Const', [], { value: array }, [output])[0];
  }

  /** The value of a tensor: a recorded one, or a constant if another backend holds the tensor's data. */
  tracedValue(tensor: TensorInfo): Value {
    if (tensor.dataId instanceof SymbolicData) return this.recorder.own(tensor.dataId.value);
    const { dataId, shape, dtype } = tensor;
    return this.constant(engine().readSync(dataId) as ArrayLike<number>, shape, dtype);
  }

  override readSync(_id: DataId): never {
    throw new Error(
      'a traced function cannot read the data of a tensor (dataSync, data, arraySync, print), ' +
        'because it runs on shapes only; use tensor operations instead',
    );
  }
  override read(id: DataId): Promise<TypedArray> {
    return this.readSync(id);
  }

  override numDataIds(): number {
    return 0;
  }
  override disposeData(data: DataId, force = false): boolean {
    return --(data as SymbolicData).references <= 0 || force;
  }
  override incRef(data: DataId): void {
    (data as SymbolicData).references++;
  }
  override refCount(data: DataId): number {
    return (data as SymbolicData).references;
  }
  override timerAvailable(): boolean {
    return false;
  }
  override floatPrecision(): 32 {
    return 32;
  }
  override epsilon(): number {
    return 1e-7;
  }
  override memory(): { unreliable: boolean } {
    return { unreliable: true };
  }
  override dispose(): void {}
}

/** Registers a recording kernel for every rule. */
export function registerRules(to: SymbolicBackend, backendName: string): void {
  for (const [kernelName, rule] of Object.entries(kernels)) {
    registerKernel({
      kernelName,
      backendName,
      kernelFunc: (({ inputs, attrs }) =>
        record(to, kernelName, rule, inputs, (attrs ?? {}) as Attributes)) as KernelConfig['kernelFunc'],
    });
  }
}

function record(
  to: SymbolicBackend,
  kernelName: string,
  rule: KernelRule,
  inputs: Record<string, TensorInfo | TensorInfo[] | undefined>,
  given: Attributes,
): TensorInfo | TensorInfo[] {
  const order = rule.inputs ?? Object.keys(inputs);
  const values = order.flatMap((name) => inputs[name] ?? []).map((tensor) => to.tracedValue(tensor));
  const call = rule.infer(values, given, to.recorder.sizesVary);
  if ('same' in call) return tensorInfo(call.same);
  const outputs = to.recorder.add(
    call.op ?? kernelName,
    call.inputs ?? values,
    call.attributes ?? {},
    call.outputs,
  );
  return rule.list ? outputs.map(tensorInfo) : tensorInfo(outputs[0]!);
}

/** The tensor that a kernel returns for a value. */
export const tensorInfo = (value: Value): TensorInfo => ({
  dataId: new SymbolicData(value),
  shape: value.shape as number[],
  dtype: value.dtype as DataType,
});

function checkDType(dtype: DataType): DType {
  if (dtype === 'float32' || dtype === 'int32' || dtype === 'bool') return dtype;
  throw new TypeError(`a traced function cannot use ${dtype} tensors; use float32, int32 or bool`);
}

function toTypedArray(values: ArrayLike<number>, dtype: DType): TypedArray {
  if (dtype === 'float32') return Float32Array.from(values);
  return dtype === 'int32' ? Int32Array.from(values) : Uint8Array.from(values);
}
