import { mapTuple } from '@mlm/base/tuple';
import type { NamedValue, Value } from '../../../graph/graph.js';
import type { InPlaceAdamW } from '../../../primitives/adamw.js';
import { attribute } from '../protobuf/attribute.js';
import type { GraphBuilder, TensorName } from './builder.js';

/** The values that a fused update reads, except the variables that it updates in place. */
export function readByAdamW(update: InPlaceAdamW): Value[] {
  const { parameter, firstMoment, secondMoment, epsilon, ...values } = update;
  return [...Object.values(values), ...(values.decay ? [parameter] : [])];
}

/**
 * Writes an update as TensorFlow's fused ResourceApplyAdam, p ← p − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε̂). With
 * powers of 0, lr = step size / scale and ε̂ = ε / scale, this is PyTorch's formula. The decay is applied before it.
 *
 * @param reads reads of the three variables' old values, which must come first
 * @returns the node that must run
 */
export function emitAdamW(
  update: InPlaceAdamW,
  tensorOf: (value: Value) => TensorName,
  reads: readonly TensorName[],
  to: GraphBuilder,
): TensorName {
  const T = { T: attribute.type('float32') };
  const raw = tensorOf(update.gradient);
  const gradient = update.clip ? to.add('Mul', [raw, tensorOf(update.clip)], T, { name: 'adam/clip' }) : raw;
  const scale = tensorOf(update.secondMomentScale);
  const [rate, epsilon] = mapTuple(
    [tensorOf(update.stepSize), to.scalar(update.epsilon, 'float32')],
    (tensor) => to.add('RealDiv', [tensor, scale], T, { name: 'adam/scalar' }),
  );
  const handle = (variable: NamedValue) => to.variable(variable);
  const after = [...reads];
  if (update.decay) {
    const kept = to.add('Sub', [to.scalar(1, 'float32'), tensorOf(update.decay)], T, { name: 'adam/keep' });
    // After the gradient: until then, the forward pass may read the old values.
    const decayed = to.add('Mul', [tensorOf(update.parameter), kept], T, {
      name: 'adam/decay',
      after: [gradient, ...reads],
    });
    const attr = { dtype: attribute.type('float32') };
    after.push(
      to.add('AssignVariableOp', [handle(update.parameter), decayed], attr, { name: 'adam/decay_assign' }),
    );
  }
  const zero = to.scalar(0, 'float32');
  const handles = [update.parameter, update.firstMoment, update.secondMoment].map(handle);
  const keeps = [update.firstKeep, update.secondKeep].map(tensorOf);
  const attr = { ...T, use_locking: attribute.flag(false), use_nesterov: attribute.flag(false) };
  const inputs = [...handles, zero, zero, rate, ...keeps, epsilon, gradient];
  return to.add('ResourceApplyAdam', inputs, attr, { name: 'adam/apply', after });
}
