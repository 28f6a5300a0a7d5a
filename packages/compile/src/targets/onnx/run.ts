import type { InferenceSession, Tensor } from 'onnxruntime-common';
import type { ExecutableInput } from '../../executable.js';
import type { TypedArray } from '../../graph/graph.js';
import type { InputSpec } from '../../trace/trace.js';
import { resolveInputs } from '../inputs.js';
import { StatefulExecutable } from '../stateful.js';
import { HostRunner } from './host-runner.js';
import { updateName } from './model.js';
import type { OnnxProgram } from './program.js';
import { ortTensor } from './runtime.js';
import { createSession, type SessionOptions } from './session.js';
import type { OnnxState } from './state.js';

/** Runs a program in onnxruntime. Variables stay in the arrays of an `OnnxState`, which executables can share. */
export class OnnxExecutable extends StatefulExecutable<OnnxState> {
  private constructor(
    private readonly session: InferenceSession,
    private readonly program: OnnxProgram,
    private readonly inputs: Readonly<Record<string, InputSpec>>,
    private readonly host: HostRunner | undefined,
    state: OnnxState,
    ownsState: boolean,
  ) {
    super(state, ownsState);
  }

  static async create(
    program: OnnxProgram,
    inputs: Readonly<Record<string, InputSpec>>,
    { state, owned }: { readonly state: OnnxState; readonly owned: boolean },
    options: SessionOptions,
  ): Promise<OnnxExecutable> {
    const { model, host: work } = program;
    const session = await createSession(model, options);
    const host = work.updates.length + work.masks.length > 0 ? new HostRunner(work, state) : undefined;
    return new OnnxExecutable(session, program, inputs, host, state, owned);
  }

  async run(given: Readonly<Record<string, ExecutableInput>>): Promise<Record<string, TypedArray>> {
    const { inputs, sizes } = resolveInputs(this.inputs, given);
    const feeds: Record<string, Tensor> = { ...this.host?.drawMasks(inputs, sizes) };
    for (const [name, { data, shape }] of Object.entries(inputs)) feeds[name] = ortTensor(data, shape);
    for (const name of this.program.variables) {
      if (this.session.inputNames.includes(name)) feeds[name] = this.state.current(name);
    }
    const results = await this.session.run(feeds, this.fetches());
    for (const name of this.program.updates) this.state.advance(name);
    this.host?.update(inputs, results);
    return Object.fromEntries(
      Object.entries(this.program.outputs).map(([name, inModel]) => [
        name,
        results[inModel]!.data as TypedArray,
      ]),
    );
  }

  /** The tensors that onnxruntime writes into: existing arrays, except for outputs, which belong to the caller. */
  private fetches(): Record<string, Tensor | null> {
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.session.outputNames) fetches[name] = this.host?.gradients.get(name) ?? null;
    for (const name of this.program.updates) fetches[updateName(name)] = this.state.next(name);
    return fetches;
  }

  protected release(): Promise<void> {
    return this.session.release();
  }
}
