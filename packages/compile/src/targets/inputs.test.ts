import { describe, expect, it } from 'vitest';
import { resolveInputs } from './inputs.js';

const specs = {
  ids: { shape: ['batch', 'sequence'], dtype: 'int32' },
  lengths: { shape: ['batch'], dtype: 'int32' },
  scale: { shape: [], dtype: 'float32' },
} as const;
const given = { ids: new Int32Array(6), lengths: new Int32Array(2), scale: Float32Array.of(1) };

describe('resolveInputs', () => {
  it('finds named sizes from the lengths of other inputs', () => {
    expect(resolveInputs(specs, given).inputs.ids!.shape).toEqual([2, 3]);
  });

  it('finds them from explicit shapes', () => {
    const ids = { data: new Int32Array(6), shape: [2, 3] };
    expect([...resolveInputs(specs, { ...given, ids }).sizes]).toEqual([
      ['batch', 2],
      ['sequence', 3],
    ]);
  });

  it.each([
    [{ ...given, extra: new Int32Array(1) }, "unknown input 'extra'"],
    [{ ids: given.ids, lengths: given.lengths }, "'scale' is missing"],
    [{ ...given, ids: new Float32Array(6) }, 'an Int32Array'],
    [{ ...given, ids: new Int32Array(7) }, 'do not fill'],
    [{ ...given, scale: new Float32Array(2) }, 'expected 1'],
    [{ ...given, ids: { data: new Int32Array(6), shape: [3, 2] } }, 'expected'],
    [{ ...given, ids: { data: new Int32Array(6), shape: [6] } }, 'has the shape'],
  ])('refuses what does not fit: %#', (inputs, message) => {
    expect(() => resolveInputs(specs, inputs)).toThrow(message);
  });

  it('asks for a shape if the lengths do not determine it', () => {
    const { ids } = specs;
    expect(() => resolveInputs({ ids }, { ids: given.ids })).toThrow('pass { data, shape }');
  });
});
