import fc from 'fast-check';
import { expect, expectTypeOf, test } from 'vitest';
import { OptionError } from '../errors.js';
import {
  bytes,
  choice,
  deciding,
  defaultsOf,
  flag,
  list,
  type Option,
  options,
  optionsOf,
  real,
  refuseUnknown,
  type Settings,
  settingsOf,
  shareOrWhole,
  text,
  whole,
  wholeOrAuto,
  withoutIdle,
} from './index.js';

/** What an option makes of a text: its value, or why not. */
function readValue<Value>(option: Option<Value>, word: string): Value | string {
  const value = option.read(word);
  return option.accepts(value) ? value : `Expected ${option.expected}.`;
}

test('integers and decimals are parsed exactly, within their range', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (value) => readValue(whole({ help: '' }), String(value)) === value));
  fc.assert(
    fc.property(fc.double({ noNaN: true, min: 0, max: 1 }), (value) =>
      Object.is(readValue(real({ to: 1, help: '' }), String(value)), value),
    ),
  );
});

test.each(['', ' ', '1.5', '1e3', '0x10', 'ten', '-1', '5000', '99999999999999999999'])(
  '%j is no whole number in the range',
  (word) => {
    const message = 'Expected a whole number between 0 and 4999.';
    expect(readValue(whole({ to: 4999, help: '' }), word)).toBe(message);
  },
);

test('a number may be auto, but no other word', () => {
  const option = wholeOrAuto({ from: 1, help: '' });
  expect(readValue(option, 'auto')).toBe('auto');
  expect(readValue(option, '8')).toBe(8);
  for (const word of ['0', 'Auto', 'many', ''])
    expect(readValue(option, word)).toBe('Expected auto or a whole number of at least 1.');
});

test.each(['', ' ', 'NaN', 'Infinity', '1.01', '-0.1', '15%'])('%j is not a share', (word) => {
  expect(readValue(real({ to: 1, help: '' }), word)).toBe('Expected a number between 0 and 1.');
});

test.each([
  ['1000000', 1e6],
  ['500MB', 5e8],
  ['1.5g', 1.5e9],
  ['20 kB', 20_000],
  ['1 GiB', 2 ** 30],
  ['1.5Mi', 1.5 * 2 ** 20],
])('%s is a size', (word, size) => {
  expect(readValue(bytes({ help: '' }), word)).toBe(size);
});

test.each(['', '0', 'MB', '-5MB', '5 XB', '5iB', '0.1'])('%j is not a size', (word) => {
  expect(readValue(bytes({ help: '' }), word)).toMatch('Expected a size in bytes');
});

const table = options({
  rate: real({ default: 1e-4, below: 1, help: '' }),
  limit: whole({ from: 1, help: '' }),
  how: choice(['wrap', 'cut'], { default: 'wrap', decides: 'manner', help: '' }),
  epochs: whole({ default: 1, decides: { through: 'steps' }, help: '' }),
  words: list({ default: [], decides: false, help: '' }),
  name: text({ decides: false, help: '' }),
  twoWords: flag({ help: '' }),
});

test('the type of the settings follows from the table', () => {
  expectTypeOf<Settings<typeof table>>().toEqualTypeOf<{
    rate: number;
    limit: number | undefined;
    how: 'wrap' | 'cut';
    epochs: number;
    words: readonly string[];
    name: string | undefined;
    twoWords: boolean;
  }>();
});

test('missing options get their defaults; wrong values are refused with the option’s name', () => {
  expect(settingsOf(table, { how: 'cut', rate: undefined })).toEqual({ ...defaultsOf(table), how: 'cut' });
  expect(() => settingsOf(table, { rate: 1 })).toThrow(
    'rate is 1, expected a number of at least 0 and below 1',
  );
  expect(() => settingsOf(table, { how: 'tear' as 'cut' })).toThrow('how is tear, expected one of wrap, cut');
});

test('a share of steps or their number is a number below 1 or a whole one', () => {
  const steps = options({ warmup: shareOrWhole({ default: 0.06, help: '' }) });
  for (const warmup of [0, 0.5, 1, 500]) expect(settingsOf(steps, { warmup })).toEqual({ warmup });
  for (const warmup of [2.5, -0.5, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => settingsOf(steps, { warmup })).toThrow(
      `warmup is ${warmup}, expected a share below 1 or a whole number`,
    );
});

test('an option that does nothing without another is refused alone', () => {
  const pair = options({
    drop: choice(['exact'], { help: '' }),
    memory: whole({ default: 5, requires: 'drop', help: '' }),
  });
  expect(() => settingsOf(pair, { memory: 6 })).toThrow(
    'memory does nothing without drop; give both or neither',
  );
  expect(settingsOf(pair, { memory: 6, drop: 'exact' })).toEqual({ memory: 6, drop: 'exact' });
  expect(settingsOf(pair, { memory: 5 })).toEqual({ memory: 5, drop: undefined });
  const three = options({
    share: real({ default: 0, help: '' }),
    by: choice(['row', 'document'], { default: 'row', requires: 'share', help: '' }),
    last: whole({ requires: { option: 'by', value: 'document' }, help: '' }),
  });
  expect(() => settingsOf(three, { by: 'document' })).toThrow('by does nothing without share;');
  expect(() => settingsOf(three, { last: 3 })).toThrow('last does nothing without by: document;');
  settingsOf(three, { share: 0.5, by: 'document', last: 3 });
});

test('options that contradict each other are refused, unless one of them is at its default', () => {
  const table = options({
    resume: flag({ excludes: ['overwrite', 'limit'], help: '' }),
    overwrite: flag({ help: '' }),
    limit: whole({ help: '' }),
  });
  expect(() => settingsOf(table, { resume: true, overwrite: true })).toThrow(
    'resume contradicts overwrite; give one of them',
  );
  expect(() => settingsOf(table, { resume: true, limit: 0 })).toThrow('resume contradicts limit;');
  settingsOf(table, { resume: true, overwrite: false });
  settingsOf(table, { resume: false, overwrite: true });
});

const schedule = options({
  schedule: choice(['linear', 'stable'], { default: 'linear', help: '' }),
  decay: real({ default: 0.1, requires: { option: 'schedule', value: 'stable' }, help: '' }),
  every: whole({ default: 0, help: '' }),
  patience: whole({ default: 0, requires: 'every', help: '' }),
});

test('the run being continued may provide what an option requires, and may itself have idle options', () => {
  const remembered = { schedule: 'stable', decay: 0.2, every: 0 } as const;
  expect(settingsOf(schedule, { decay: 0.3 }, remembered)).toMatchObject({ schedule: 'stable', decay: 0.3 });
  expect(settingsOf(schedule, { schedule: 'linear' }, remembered)).toMatchObject({ decay: 0.2 });
  // Every option has a value there: a default says nothing.
  expect(() => settingsOf(schedule, { patience: 2 }, remembered)).toThrow(
    'patience does nothing without every',
  );
  expect(() => settingsOf(schedule, { schedule: 'linear', decay: 0.3 }, remembered)).toThrow(OptionError);
});

test('an option made idle by others is left out', () => {
  const given = { schedule: 'stable', decay: 0.2, patience: 2 } as const;
  expect(withoutIdle(schedule, given, {})).toEqual({ schedule: 'stable', decay: 0.2 });
  expect(withoutIdle(schedule, given, { schedule: 'linear', every: 3 })).toEqual({
    schedule: 'stable',
    patience: 2,
  });
  expect(optionsOf(schedule, { decay: 0.2, every: undefined, other: 1 } as never)).toEqual({ decay: 0.2 });
});

test('an unknown name is refused with the nearest known one', () => {
  const known = { ...table, signal: true };
  refuseUnknown({ rate: 1, signal: undefined, nothing: undefined }, known as never);
  expect(() => refuseUnknown({ epoch: 1 }, known as never)).toThrow(
    /^unknown option epoch; did you mean epochs\?$/,
  );
  expect(() => refuseUnknown({ twowords: true }, known as never)).toThrow('did you mean twoWords?');
  expect(() => refuseUnknown({ signals: 1 }, known as never)).toThrow('did you mean signal?');
  expect(() => refuseUnknown({ toString: 1 }, known as never)).toThrow(
    /^unknown option toString; expected one of rate, limit, /,
  );
});

test('an option is recorded under its name with its value, unless its entry says otherwise', () => {
  expect(deciding(table, settingsOf(table, { limit: 3 }))).toEqual({
    rate: 1e-4,
    limit: 3,
    manner: 'wrap',
    'two-words': false,
  });
});
