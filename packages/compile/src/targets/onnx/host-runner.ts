import { elementCount } from '@mlm/base/shape';
import type { Tensor } from 'onnxruntime-common';
import { evaluateDimension } from '../../graph/dimension.js';
import type { TypedArray } from '../../graph/graph.js';
import { HostMemory, paddedCount } from '../../host/memory.js';
import { drawMask } from '../../primitives/dropout-mask.js';
import type { ResolvedInput } from '../inputs.js';
import type { HostUpdate, HostWork, ScalarSource } from './host-work.js';
import { ortTensor } from './runtime.js';
import type { OnnxState } from './state.js';

type Inputs = Readonly<Record<string, ResolvedInput>>;

/** Runs the host's part of a function, before and after onnxruntime, in arrays that are allocated once. */
export class HostRunner {
  /** The tensors that onnxruntime writes gradients into, by output name. */
  readonly gradients: ReadonlyMap<string, Tensor>;
  #maskMemory: HostMemory | undefined;
  #maskBytes = 0;

  constructor(
    private readonly work: HostWork,
    private readonly state: OnnxState,
  ) {
    this.gradients = new Map(
      [...work.gradients].map(([name, shape]) => [
        name,
        ortTensor(state.memory!.allocate(elementCount(shape)), shape),
      ]),
    );
  }

  /** Draws the masks of this run. */
  drawMasks(inputs: Inputs, sizes: ReadonlyMap<string, number>): Record<string, Tensor> {
    const shapes = this.work.masks.map(({ shape }) => shape.map((size) => evaluateDimension(size, sizes)));
    const memory = this.#memoryForMasks(shapes.map(elementCount));
    const feeds: Record<string, Tensor> = {};
    this.work.masks.forEach((mask, i) => {
      const array = memory.allocate(elementCount(shapes[i]!));
      drawMask(memory, array, mask, inputs[mask.key]!.data);
      feeds[mask.input] = ortTensor(array, shapes[i]!);
    });
    return feeds;
  }

  /** Updates parameters and moments with the gradients that onnxruntime has written. */
  update(inputs: Inputs, results: Readonly<Record<string, Tensor>>): void {
    const scalar = (source: ScalarSource): number => {
      if ('value' in source) return source.value;
      const data = 'input' in source ? inputs[source.input]!.data : results[source.output]!.data;
      return (data as TypedArray)[0]!;
    };
    for (const update of this.work.updates) this.#update(update, scalar);
  }

  #update(update: HostUpdate, scalar: (source: ScalarSource) => number): void {
    const { parameter, firstMoment, secondMoment, gradient, scalars } = update;
    const variable = (name: string) => this.state.current(name).data as Float32Array;
    const source =
      'output' in gradient
        ? (this.gradients.get(gradient.output)!.data as Float32Array)
        : variable(gradient.variable);
    const decay = scalar(scalars.decay);
    const stepSize = scalar(scalars.stepSize);
    const firstKeep = scalar(scalars.firstKeep);
    const secondKeep = scalar(scalars.secondKeep);
    // Batches that only accumulate gradients leave parameters and moments alone.
    if (stepSize === 0 && decay === 0 && firstKeep === 1 && secondKeep === 1) return;
    this.state.memory!.kernels.adamW(
      variable(parameter).byteOffset,
      variable(firstMoment).byteOffset,
      variable(secondMoment).byteOffset,
      source.byteOffset,
      paddedCount(source.length),
      scalar(scalars.clip),
      stepSize,
      decay,
      scalar(scalars.secondMomentScale),
      firstKeep,
      secondKeep,
      scalar(scalars.epsilon),
    );
  }

  /** A memory with room for arrays of these lengths: that of the last run, if it is large enough. */
  #memoryForMasks(lengths: readonly number[]): HostMemory {
    const bytes = lengths.reduce((sum, length) => sum + HostMemory.bytesOf(length), 0);
    if (!this.#maskMemory || this.#maskBytes < bytes) {
      this.#maskMemory = new HostMemory(bytes);
      this.#maskBytes = bytes;
    }
    this.#maskMemory.reset();
    return this.#maskMemory;
  }
}
