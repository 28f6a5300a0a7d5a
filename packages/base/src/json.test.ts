import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson, shown } from './json.js';

const nested = (open: string, inner: string, close: string, depth: number) =>
  open.repeat(depth) + inner + close.repeat(depth);

describe('JSON of a file', () => {
  it('is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(parseJson(text)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('may have values 128 deep inside one another, and no deeper', () => {
    for (const [open, inner, close] of [
      ['[', '', ']'],
      ['{"a":', '1', '}'],
      ['[1,[],', '{}', ']'],
    ] as const) {
      const more = inner === '{}' ? 1 : 0;
      expect(parseJson(nested(open, inner, close, 128 - more))).toBeTypeOf('object');
      expect(() => parseJson(nested(open, inner, close, 129 - more))).toThrow('more than 128 deep');
    }
    expect(() => parseJson('['.repeat(5_000_000))).toThrow(
      /^its values are more than 128 deep inside one another$/,
    );
  });

  it('may have any number of brackets in its texts, and of values beside one another', () => {
    for (const text of ['['.repeat(500), `"${'['.repeat(500)}`, '\\"'.repeat(500) + '{'.repeat(500), '\\'])
      expect(parseJson(JSON.stringify({ [text]: text }))).toEqual({ [text]: text });
    expect(parseJson(`[${'[],{},'.repeat(500)}[]]`)).toHaveLength(1001);
  });

  it('that is none is told in one short line', () => {
    for (const text of ['', '{', '{"a":\n\n"b" c}', `["${'x'.repeat(10_000)}\n"]`]) {
      let message = '';
      try {
        parseJson(text);
      } catch (error) {
        ({ message } = error as Error);
      }
      expect(message).toMatch(/^.{1,200}$/);
    }
  });
});

describe('a value that is shown', () => {
  it('is its JSON, of which the first 60 characters are left', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        if (typeof value === 'string') return;
        const whole = JSON.stringify(value).replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
        const text = shown(value);
        if (JSON.stringify(value).length <= 60) expect(text).toBe(whole);
        else
          expect(text).toBe(`${JSON.stringify(value).slice(0, 60)}…`.replace(/[\p{Cc}\u2028\u2029]+/gu, ' '));
      }),
      { numRuns: 1000 },
    );
    expect(shown(undefined)).toBe('nothing');
    expect(shown('a\nb', '')).toBe('a b');
    expect(shown('x'.repeat(100))).toBe(`"${'x'.repeat(59)}…`);
  });

  it('may be deeper than the stack, and larger than memory has room for as text', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1_000_000; i++) deep = [deep];
    expect(shown(deep)).toBe(`${'['.repeat(60)}…`);
    const large = 'x'.repeat(2 ** 28);
    expect(shown([large, large, large])).toBe(`["${'x'.repeat(58)}…`);
    const escaped = '\u0001'.repeat(2 ** 27);
    expect(shown({ ['k'.repeat(60)]: escaped })).toBe(`{"${'k'.repeat(58)}…`);
  });
});
