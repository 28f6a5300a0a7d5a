import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordError } from './format.js';
import { decodeRecords, jsonl } from './jsonl.js';

const encode = (text: string) => Buffer.from(text);

/** What JSON.parse makes of the field, as a line of UTF-8. */
function lineOf(json: string): string {
  const value: unknown = (JSON.parse(json) as { text: unknown }).text;
  return Buffer.from(String(value ?? '').replaceAll('\n', ' ')).toString();
}

function decoded(bytes: Uint8Array): string[] {
  const { text, lineStarts } = decodeRecords(bytes, 'text');
  return lineStarts.map((start, i) =>
    Buffer.from(text.subarray(start, (lineStarts[i + 1] ?? text.length) - 1)).toString(),
  );
}

const record = fc
  .tuple(fc.dictionary(fc.string(), fc.jsonValue()), fc.option(fc.string({ unit: 'binary' })), fc.boolean())
  .map(([others, text, isFirst]) => (isFirst ? { text, ...others } : { ...others, text }))
  .map((value) => ({ ...value, text: typeof value.text === 'string' ? value.text : null }));

test('the field of a record is what JSON.parse says, whatever else the record holds', () => {
  fc.assert(
    fc.property(fc.array(record), fc.boolean(), (records, escapes) => {
      const lines = records.map((value) => {
        const json = JSON.stringify(value);
        if (!escapes) return json;
        return json.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
      });
      const bytes = encode(lines.map((line) => `${line}\r\n`).join(''));
      expect(decoded(bytes)).toEqual(lines.map(lineOf));
      const starts = decodeRecords(bytes, 'text').recordStarts;
      expect(starts.map((start) => bytes.subarray(start).toString().split('\r\n')[0])).toEqual(lines);
    }),
  );
});

test('a line is taken exactly when JSON.parse takes it as an object with that text', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    '"text"',
    '"a"',
    ':',
    ',',
    '"t\\u0041"',
    '1',
    '-0.5e3',
    '01',
    'null',
    'tru',
    ' ',
    '"\\x"',
    '"\t"',
  ];
  fc.assert(
    fc.property(
      fc
        .array(fc.constantFrom(...pieces), { maxLength: 12 })
        .map((all) => `{"text":"t","b":${all.join('')}}`),
      (line) => {
        let expected: string[] | undefined;
        try {
          expected = [lineOf(line)];
          if (typeof JSON.parse(line).text !== 'string' && JSON.parse(line).text !== null)
            expected = undefined;
        } catch {}
        if (expected) expect(decoded(encode(line))).toEqual(expected);
        else expect(() => decoded(encode(line))).toThrow(RecordError);
      },
    ),
    { numRuns: 3000 },
  );
});

test('the line at fault is counted, blank lines included', () => {
  const problem = (text: string) => {
    try {
      decodeRecords(encode(text), 'text');
    } catch (error) {
      return [(error as RecordError).line, (error as Error).message];
    }
    return undefined;
  };
  expect(problem('{"text":"a"}\n\n{"text":1}')).toEqual([2, 'has no text in its field "text"']);
  expect(problem('{"text":"a"}\n{"body":"a"}')).toEqual([1, 'has no field "text"']);
  expect(problem('plain text')).toEqual([0, 'is not a JSON object']);
  expect(problem(`{"text":"a","deep":${'['.repeat(100_000)}`)?.[0]).toBe(0);
});

test('texts of any bytes and lengths are what JSON.parse says, also where they replace their records', () => {
  const unit = fc.constantFrom(
    ...'ab !"#[]\\/\b\f\n\r\t\0\x01\x1f\x7f\x80\xa2\xdc\xff\u0122\u2022\u5c5c東😀\ud800\udc00',
  );
  const text = fc.oneof(
    fc.string({ unit, maxLength: 60, size: 'max' }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
  );
  const records = fc.array(fc.record({ text, other: text, a: fc.record({ text }) }), { size: '+1' });
  const escapes = fc.constantFrom(/$^/g, /[\u0080-\uffff]/g, /[a-z](?=[^{}]*$)/g);
  fc.assert(
    fc.property(records, escapes, fc.constantFrom('text', 'a.text', 'other'), (values, escaped, field) => {
      const lines = values.map((value) =>
        JSON.stringify(value).replace(escaped, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
      );
      const bytes = encode(lines.join('\n'));
      const steps = field.split('.');
      const expected = lines.map((line) => {
        const found = steps.reduce(
          (value, step) => (value as Record<string, unknown>)[step],
          JSON.parse(line),
        );
        return `${String(found).replaceAll('\n', ' ')}\n`;
      });
      const { text, lineStarts, recordStarts } = decodeRecords(bytes, field);
      expect(Buffer.from(text).toString()).toBe(Buffer.from(expected.join('')).toString());
      const inPlace = jsonl.content.decode(Buffer.from(bytes), { field, isStart: true });
      expect(Buffer.from(inPlace.text)).toEqual(Buffer.from(text));
      expect(lineStarts.map(inPlace.rangeOffset)).toEqual(recordStarts);
    }),
  );
});

test('a control character, at any place among plain bytes, is refused', () => {
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8])
    for (const control of ['\0', '\t', '\x1f', '\r'])
      for (const after of ['', 'a', 'abcdefgh', '\xa0\xff', '"'])
        expect(() =>
          decodeRecords(encode(`{"text":"${'x'.repeat(length)}${control}${after}"}`), 'text'),
        ).toThrow('is not JSON: a string contains a control character');
});
