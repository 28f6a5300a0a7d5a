import { existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { description } from '../../test/description.js';
import { columnOf } from '../../test/rows.js';
import { tokenBatch } from '../batch/create.js';
import { describeBatches } from '../batch/place.js';
import { mergeDatasets } from '../dataset/merge.js';
import { arrowFile } from './file.js';
import { datasetFolder } from './folder.js';

function folderWith(...files: string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'mlm-replace-'));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    if (!file.endsWith('/')) writeFileSync(join(folder, file), '');
    else mkdirSync(join(folder, file));
  }
  return folder;
}

function write(path: string, inputs: string[] = [], part?: { rank: number; world_size: number }) {
  const place = { unit: part?.rank ?? 0, firstRow: 0, split: 'train' as const };
  const described = { ...description(), ...(part ? { part } : {}) };
  const batch = describeBatches(described)(tokenBatch(columnOf([[2, 5, 3]]), place));
  const sink = path.endsWith('.arrow') ? arrowFile : datasetFolder;
  return pipeline(Readable.from([batch]), sink(path, { overwrite: true, inputs }));
}

test.each([
  ['notes.txt', 'd', /contains notes\.txt, which is not part of a dataset folder/],
  ['state.json', 'd/', /contains corpus\/, which|contains corpus\/a\.txt/],
  ['data.arrow', 'd', /is not a dataset folder \(no state\.json/],
  ['x', 'd/x', /is not a dataset folder/],
  ['a.arrow/x', 'd/a.arrow', /is not a regular file/],
  ['../keep', 'd', undefined],
])('overwrite with %s in the way', async (file, target, message) => {
  const root = folderWith('d/');
  const files = file === 'state.json' ? ['state.json', 'corpus/a.txt'] : [file];
  for (const name of files) {
    mkdirSync(dirname(join(root, 'd', name)), { recursive: true });
    writeFileSync(join(root, 'd', name), '');
  }
  const written = write(join(root, target));
  if (message) await expect(written).rejects.toThrow(message);
  else await written;
  for (const name of files) expect(existsSync(join(root, 'd', name)), name).toBe(true);
});

test('overwrite replaces a dataset folder and an interrupted run’s folder, but no other .partial', async () => {
  const root = folderWith('out.partial/journal.jsonl', 'out.partial/train/shard-00000.arrow');
  await write(join(root, 'out'));
  await write(join(root, 'out'));
  mkdirSync(join(root, 'out.partial'));
  writeFileSync(join(root, 'out.partial', 'mine.txt'), '');
  await expect(write(join(root, 'out'))).rejects.toThrow(/contains mine\.txt/);
});

test('a target that is or contains an input is refused, even behind a link', async () => {
  const root = folderWith('d/state.json', 'd/shards.arrow', 'b.arrow');
  symlinkSync(join(root, 'd'), join(root, 'link'));
  await expect(write(join(root, 'link'), [join(root, 'd/shards.arrow')])).rejects.toThrow(
    /link: contains the input .*shards\.arrow/,
  );
  await expect(write(join(root, 'b.arrow'), [join(root, 'b.arrow')])).rejects.toThrow(/is the input/);
  expect(existsSync(join(root, 'd/shards.arrow'))).toBe(true);
});

test('merge keeps its parts', async () => {
  const root = folderWith();
  const parts = [0, 1].map((rank) => join(root, `p${rank}.arrow`));
  for (const [rank, part] of parts.entries()) await write(part, [], { rank, world_size: 2 });
  await expect(mergeDatasets(parts, parts[0]!, { overwrite: true })).rejects.toThrow(/is the input/);
  await expect(mergeDatasets(parts, join(root, 'all.arrow'), { overwrit: true } as never)).rejects.toThrow(
    'unknown option overwrit; did you mean overwrite?',
  );
  await mergeDatasets(parts, join(root, 'all.arrow'), { overwrite: true });
});
