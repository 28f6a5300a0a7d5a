import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { RecordBatch } from 'apache-arrow';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf } from '../../test/rows.js';
import { tokenBatch } from '../batch/create.js';
import { describeBatches, placeOf } from '../batch/place.js';
import type { DatasetSink, DatasetSinkOptions } from './dataset.js';
import { arrowFile } from './file.js';
import { datasetFolder } from './folder.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlm-resume-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const job = { seed: 1 };
const unit = (number: number, split: 'train' | 'validation', id: number) =>
  describeBatches(description())(tokenBatch(columnOf([[2, id, 3]]), { unit: number, firstRow: 0, split }));
const units = [0, 1, 2, 3].flatMap((number) => [unit(number, 'train', 5), unit(number, 'validation', 6)]);
const older = [unit(0, 'train', 7), unit(0, 'validation', 8)];

/** Every file under the root with its bytes. */
function contents(): Record<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    paths.map((path) => [path.slice(root.length), readFileSync(path, 'latin1')]).sort(),
  );
}

for (const name of ['out.arrow', 'out'])
  describe(name, () => {
    const path = () => join(root, name);
    const partial = (...names: string[]) => join(root, `${name}.partial`, ...names);
    const sink = (options: DatasetSinkOptions): DatasetSink =>
      name === 'out' ? datasetFolder(path(), { shardBytes: 2000, ...options }) : arrowFile(path(), options);
    const write = (batches: RecordBatch[], options: DatasetSinkOptions = {}) =>
      pipeline(Readable.from(batches), sink({ job, ...options }));

    async function interrupt(batches: RecordBatch[], options: DatasetSinkOptions = {}): Promise<void> {
      const interrupted = sink({ job, ...options });
      const closed = new Promise((resolve) => interrupted.once('close', resolve));
      const source = async function* () {
        yield* batches;
        throw new Error('interrupted');
      };
      await expect(pipeline(source, interrupted)).rejects.toThrow('interrupted');
      await closed;
    }

    /** @returns the number of units that were there */
    async function resume(options: DatasetSinkOptions = {}): Promise<number> {
      const resumed = sink({ job, resume: true, ...options });
      const finished = await resumed.ready();
      const last = finished.at(-1)?.unit ?? -1;
      await pipeline(Readable.from(units.filter((batch) => placeOf(batch)!.unit > last)), resumed);
      return finished.length;
    }

    async function expected(): Promise<Record<string, string>> {
      await write(units);
      const all = contents();
      rmSync(root, { recursive: true });
      mkdirSync(root);
      return all;
    }

    const files = () =>
      readdirSync(partial(), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.arrow'));

    test('a file that is altered, or shorter than the journal says, is cut back to the last sound unit', async () => {
      const whole = await expected();
      await interrupt(units);
      const begun = files().map((file) => ({ file, size: readFileSync(partial(file)).length }));
      for (const { file, size } of begun)
        for (const damage of [
          () => truncateSync(partial(file), size >> 1),
          () => truncateSync(partial(file), 0),
          () => rmSync(partial(file)),
          () => {
            const bytes = readFileSync(partial(file));
            bytes[size >> 1]! ^= 1;
            writeFileSync(partial(file), bytes);
          },
        ]) {
          damage();
          expect(await resume()).toBeLessThan(3);
          expect(contents()).toEqual(whole);
          rmSync(root, { recursive: true });
          mkdirSync(root);
          await interrupt(units);
        }
    });

    test('a journal whose end was damaged by a power loss counts as far as it is readable', async () => {
      const whole = await expected();
      await interrupt(units);
      const journal = partial('journal.jsonl');
      const text = readFileSync(journal, 'utf8');
      writeFileSync(journal, `${text.slice(0, text.lastIndexOf('{"unit"'))}\0\0\0\0\n\0\0`);
      expect(await resume()).toBe(2);
      expect(contents()).toEqual(whole);
    });

    test.each([
      ['no number', '"shard":', '"shard":{},"was":'],
      ['no whole number', '"end":', '"end":1.5,"was":'],
      ['a split that no run has', '"train":', '"test":'],
      ['counts that are none', '"rows":1,', '"rows":"1",'],
      ['an earlier unit', '"unit":2', '"unit":1'],
      ['a unit that no text is long enough for', '"unit":2', '"unit":1000000000'],
      ['a shard that no dataset has', '"shard":', '"shard":1000000000,"was":'],
    ])('an entry of the journal with %s ends what it says', async (_, said, instead) => {
      const whole = await expected();
      await interrupt(units);
      const journal = partial('journal.jsonl');
      const text = readFileSync(journal, 'utf8');
      const last = text.lastIndexOf('{"unit"');
      const entry = text.slice(last);
      expect(entry).toContain(said);
      writeFileSync(journal, text.slice(0, last) + entry.replace(said, instead));
      expect(await resume()).toBe(2);
      expect(contents()).toEqual(whole);
    });

    test('a journal that says that all is complete, after a line that is not readable, does not count as complete', async () => {
      const whole = await expected();
      await interrupt(units);
      const journal = partial('journal.jsonl');
      const text = readFileSync(journal, 'utf8');
      const end = '\0\0\0\0\n{"publishing":true,"whole":true}\n';
      writeFileSync(journal, `${text.slice(0, text.lastIndexOf('{"unit"'))}${end}`);
      expect(await resume()).toBe(2);
      expect(contents()).toEqual(whole);
    });

    test('a run that replaces another resumes as such; the old output stays until the end', async () => {
      const whole = await expected();
      await write(older);
      const before = contents();
      await interrupt(units.slice(0, 5), { overwrite: true });
      const { [`/${name}.partial/journal.jsonl`]: journal, ...others } = contents();
      expect(journal).toContain('"unit":1');
      expect(others).toMatchObject(before);
      expect(await resume()).toBe(2);
      expect(contents()).toEqual(whole);
    });

    test.each(['', 'journal.jsonl'])(
      'a working folder with nothing begun in it (%j) is begun in',
      async (file) => {
        const whole = await expected();
        mkdirSync(partial());
        if (file !== '') writeFileSync(partial(file), '');
        expect(await resume()).toBe(0);
        expect(contents()).toEqual(whole);
        rmSync(root, { recursive: true });
        mkdirSync(partial(), { recursive: true });
        await write(units);
        expect(contents()).toEqual(whole);
      },
    );

    test('a folder of other contents is left alone', async () => {
      mkdirSync(partial());
      writeFileSync(partial('notes.txt'), '');
      for (const options of [{}, { resume: true }, { overwrite: true }])
        await expect(write(units, options)).rejects.toThrow(/contains notes\.txt/);
      rmSync(partial('notes.txt'));
      writeFileSync(partial('journal.jsonl'), 'dear diary\n');
      await expect(write(units, { resume: true })).rejects.toThrow(/journal\.jsonl: is not the journal/);
      expect(existsSync(partial('journal.jsonl'))).toBe(true);
      await write(units, { overwrite: true });
      expect(existsSync(partial())).toBe(false);
    });

    test('a second run is refused while the first is writing, and changes nothing', async () => {
      const whole = await expected();
      const first = sink({ job });
      await first.ready();
      for (const options of [{ resume: true }, { overwrite: true }, {}])
        await expect(write(units, options)).rejects.toThrow(/is writing it/);
      await pipeline(Readable.from(units), first);
      expect(contents()).toEqual(whole);
    });
  });
