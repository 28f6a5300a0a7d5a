import { describe, expect, it } from 'vitest';
import { fields, tableOrder } from './functions.js';
import { makeStruct, readStruct } from './struct.js';

describe('argument structs', () => {
  it('begin with their size, then the chain of extensions, then the fields in order', () => {
    const struct = makeStruct('Buffer_ToHostBuffer', { buffer: 5n, targetSize: 12, event: -1 }, () => 0n);
    expect([...struct.subarray(0, 7)]).toEqual([
      BigInt(struct.byteLength),
      0n,
      5n,
      0n,
      0n,
      12n,
      2n ** 64n - 1n,
    ]);
    expect(readStruct('Buffer_ToHostBuffer', struct)).toMatchObject({ buffer: 5n, targetSize: 12n });
  });

  it('take the address of an array', () => {
    const array = Float32Array.of(1);
    const struct = makeStruct('Buffer_ToHostBuffer', { target: array }, (given) =>
      given === array ? 77n : 0n,
    );
    expect(readStruct('Buffer_ToHostBuffer', struct).target).toBe(77n);
  });
});

describe('the function table', () => {
  it('has every function that is called, once', () => {
    expect(new Set(tableOrder).size).toBe(tableOrder.length);
    for (const name of Object.keys(fields)) expect(tableOrder).toContain(name);
  });

  // Counted in pjrt_c_api.h; the functions before them never move within major version 0.
  it.each([
    ['Client_Create', 10],
    ['Client_BufferFromHostBuffer', 22],
    ['LoadedExecutable_Execute', 55],
    ['Buffer_ToHostBuffer', 70],
    ['Compile', 89],
  ])('has %s in its place', (name, index) => {
    expect(tableOrder.indexOf(name)).toBe(index);
  });
});
