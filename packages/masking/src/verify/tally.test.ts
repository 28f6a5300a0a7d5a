import { expect, it } from 'vitest';
import { addTally, emptyTally, type Tally } from './tally.js';

/** A tally in which every count is another number. */
function numbered(from: number, vocabularySize: number, longest: number): Tally {
  const tally = emptyTally(vocabularySize, longest);
  let next = from;
  for (const [name, value] of Object.entries(tally)) {
    if (value instanceof Float64Array) for (const i of value.keys()) value[i] = next++;
    else Object.assign(tally, { [name]: next++ });
  }
  return tally;
}

it('an empty tally has a zero for each thing that is counted', () => {
  const tally = emptyTally(7, 5);
  const lengths = Object.fromEntries(
    Object.entries(tally).map(([name, value]) => [name, typeof value === 'number' ? value : value.length]),
  );
  expect(lengths).toEqual({
    rows: 0,
    tokens: 0,
    maskable: 0,
    masked: 0,
    replacedByMask: 0,
    replacedByOther: 0,
    kept: 0,
    replacedByProtected: 0,
    maskedProtected: 0,
    continued: 0,
    continuedAlike: 0,
    choices: 0,
    chosen: 0,
    squaredChoices: 0,
    squaredChosen: 0,
    choicesTimesChosen: 0,
    inverseChoices: 0,
    dispersion: 0,
    filledRows: 0,
    mostChoices: 0,
    pairs: 3,
    bothChosen: 3,
    choicesAt: 5,
    chosenAt: 5,
    choicesOf: 7,
    chosenOf: 7,
    choicesIn: 32,
    chosenIn: 32,
    chosenBefore: 3,
    chosenAgain: 3,
  });
  for (const value of Object.values(tally)) {
    if (typeof value !== 'number') expect(value.every((count: number) => count === 0)).toBe(true);
  }
});

it.each([
  [4, 6],
  [6, 4],
])('counts of rows up to %d and %d tokens long add up, and the largest stays the largest', (one, other) => {
  const [to, from] = [numbered(1, 3, one), numbered(1000, 3, other)];
  const [before, added] = [structuredClone(to), structuredClone(from)];
  addTally(to, from);
  expect(from).toEqual(added);
  for (const name of Object.keys(before) as (keyof Tally)[]) {
    const [a, b, sum] = [before[name], added[name], to[name]];
    if (name === 'mostChoices') expect(sum).toBe(b);
    else if (typeof a === 'number') expect(sum).toBe(a + (b as number));
    else {
      const longest = Math.max(a.length, (b as Float64Array).length);
      const expected = Array.from({ length: longest }, (_, i) => (a[i] ?? 0) + ((b as Float64Array)[i] ?? 0));
      expect([...(sum as Float64Array)]).toEqual(expected);
    }
  }
  addTally(to, numbered(0, 3, 2));
  expect(to.mostChoices).toBe(added.mostChoices);
});
