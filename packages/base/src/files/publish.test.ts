import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type * as files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { publish } from './publish.js';

/** Renames left until the process is killed, or until one alone fails. */
const kill = vi.hoisted(() => ({ after: Number.POSITIVE_INFINITY, failing: Number.POSITIVE_INFINITY }));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof files>();
  const rename: typeof files.rename = (from, to) => {
    if (kill.after-- <= 0) throw new Error('killed');
    if (kill.failing-- === 0) throw new Error('EIO');
    return real.rename(from, to);
  };
  return { ...real, rename };
});

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mlm-publish-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const read = (name: string) => {
  const path = join(root, name);
  if (!existsSync(path)) return undefined;
  return statSync(path).isDirectory() ? readdirSync(path).join() : readFileSync(path, 'utf8');
};

/** Lays out old and new ones; a name that ends in / is a folder. */
function layOut(old: readonly string[], made: readonly string[], isFolder: boolean): void {
  mkdirSync(join(root, 'new'));
  const put = (path: string, text: string) => {
    if (!isFolder) return writeFileSync(path, text);
    mkdirSync(path);
    writeFileSync(join(path, text), '');
  };
  for (const name of old) put(join(root, name), `old ${name}`);
  for (const name of made) put(join(root, 'new', name), `new ${name}`);
}

const run = (made: readonly string[]) =>
  publish(
    { from: join(root, 'new/main'), to: join(root, 'main') },
    [{ from: made.includes('eval') ? join(root, 'new/eval') : undefined, to: join(root, 'eval') }],
    join(root, 'aside'),
  );

for (const isFolder of [false, true])
  for (const old of [[], ['main'], ['main', 'eval'], ['eval']])
    for (const made of [['main'], ['main', 'eval']])
      test(`${isFolder ? 'folders' : 'files'} ${made} over ${old.join() || 'nothing'}: killed anywhere, old or new, and then new`, async () => {
        layOut(old, made, isFolder);
        cpSync(root, `${root}-start`, { recursive: true });
        for (let after = 0; ; after++) {
          kill.after = after;
          const isKilled = await run(made).then(
            () => false,
            () => true,
          );
          const seen = [read('main'), read('eval')];
          const pairs = [
            ['old main', old.includes('eval') ? 'old eval' : undefined],
            ['new main', made.includes('eval') ? 'new eval' : undefined],
          ];
          // The main one is there with its own companion, or not there.
          if (seen[0] !== undefined) expect(pairs).toContainEqual(seen);
          for (let again = 0; isKilled && again < 3; again++) {
            kill.after = again;
            await run(made).catch(() => {});
          }
          kill.after = Number.POSITIVE_INFINITY;
          await run(made);
          expect([read('main'), read('eval')]).toEqual(pairs[1]);
          rmSync(root, { recursive: true });
          cpSync(`${root}-start`, root, { recursive: true });
          if (!isKilled) break;
        }
        rmSync(`${root}-start`, { recursive: true });
      });

for (const isFolder of [false, true])
  for (const old of [[], ['main'], ['main', 'eval'], ['eval']])
    for (const made of [['main'], ['main', 'eval']])
      test(`${isFolder ? 'folders' : 'files'} ${made} over ${old.join() || 'nothing'}: an error leaves the old ones`, async () => {
        layOut(old, made, isFolder);
        const before = [read('main'), read('eval')];
        let errors = 0;
        for (; errors < 10; errors++) {
          kill.failing = errors;
          const isDone = await run(made).then(
            () => true,
            () => false,
          );
          if (isDone) break;
          expect([read('main'), read('eval')]).toEqual(before);
        }
        kill.failing = Number.POSITIVE_INFINITY;
        expect(errors).toBeGreaterThan(0);
        expect([read('main'), read('eval')]).toEqual([
          'new main',
          made.includes('eval') ? 'new eval' : undefined,
        ]);
      });

test('a single file is replaced in one step', async () => {
  layOut(['main'], ['main'], false);
  kill.after = 1;
  await run(['main']);
  kill.after = Number.POSITIVE_INFINITY;
  expect(read('main')).toBe('new main');
  expect(read('aside')).toBeUndefined();
});
