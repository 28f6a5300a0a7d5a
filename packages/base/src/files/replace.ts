import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { InputError, mention, say } from '../errors.js';

/** What `overwrite` may replace: a plain file, or a folder that holds only what we write there ourselves. */
export type Replaceable =
  | { kind: 'file' }
  | {
      kind: 'folder';
      /** The kind of folder, for messages: `a dataset folder`. */
      name: string;
      /** Every folder of this kind contains at least one of these. */
      marks: readonly string[];
      /** Whether a file (`train/state.json`) or a folder (`train/`) can be part of it. */
      isPart(path: string): boolean;
    };

/**
 * @param output - where a result is to be written
 * @throws InputError for a URL: results appear whole or not at all, which only a local file system can guarantee
 *
 * @example
 * ```ts
 * import { refuseUrl } from '@mlm/base';
 *
 * refuseUrl('s3://bucket/out.arrow'); // throws
 * ```
 */
export function refuseUrl(output: string): void {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(output)) return;
  const name = output.split('/').filter(Boolean).at(-1);
  throw new InputError(`${output}: only local files can be written; write to ${name} and copy it there`);
}

/**
 * Checks that writing a target loses nothing it must not. A target that does not exist passes.
 * @throws InputError when it is or contains one of the inputs, exists without `overwrite`, or is not something
 * `overwrite` may replace
 *
 * @example
 * ```ts
 * import { checkTarget } from '@mlm/base';
 *
 * checkTarget('masks.html', { kind: 'file' }, { overwrite: true, inputs: ['out.arrow'] });
 * ```
 */
export function checkTarget(
  target: string,
  replaceable: Replaceable,
  { overwrite = false, inputs = [] }: { overwrite?: boolean; inputs?: Iterable<string> | undefined },
): void {
  const entry = statSync(target, { throwIfNoEntry: false });
  if (!entry) return;
  for (const input of inputs)
    if (isWithin(input, target))
      throw new InputError(
        `${target}: ${realPath(input) === realPath(target) ? 'is' : 'contains'} the input ${input}; choose another output`,
      );
  if (!overwrite)
    throw new InputError(say`${target} exists already; choose another output or add ${mention('overwrite')}`);
  if (replaceable.kind === 'file') {
    if (!entry.isFile()) throw refusal(target, 'is not a regular file');
    return;
  }
  if (!entry.isDirectory()) throw refusal(target, `is not ${replaceable.name}`);
  const names = readdirSync(target);
  if (names.length === 0) return;
  const foreign = foreignEntry(target, '', replaceable.isPart);
  if (foreign !== undefined)
    throw refusal(target, `contains ${foreign}, which is not part of ${replaceable.name}`);
  if (!replaceable.marks.some((mark) => names.includes(mark)))
    throw refusal(target, `is not ${replaceable.name} (no ${replaceable.marks.join(', no ')})`);
}

/**
 * Whether a path is in a folder, or is the folder itself, with links resolved.
 *
 * @example
 * ```ts
 * import { isWithin } from '@mlm/base';
 *
 * console.log(isWithin('corpus/a.txt', 'corpus')); // true
 * ```
 */
export function isWithin(path: string, folder: string): boolean {
  const inner = realPath(path);
  const outer = realPath(folder);
  return `${inner}${sep}`.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

/** The path with links resolved, as far as it exists. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : join(realPath(parent), basename(absolute));
  }
}

function refusal(target: string, reason: string): InputError {
  return new InputError(
    say`${target}: ${reason}, so ${mention('overwrite')} does not replace it; remove it yourself or choose another output`,
  );
}

/** The first entry that is not a part, as a relative path; searches folders that are parts. */
function foreignEntry(folder: string, prefix: string, isPart: (path: string) => boolean): string | undefined {
  for (const entry of readdirSync(join(folder, prefix), { withFileTypes: true })) {
    const path = `${prefix}${entry.name}${entry.isDirectory() ? '/' : ''}`;
    if (!isPart(path)) return path;
    const inside = entry.isDirectory() ? foreignEntry(folder, path, isPart) : undefined;
    if (inside !== undefined) return inside;
  }
  return undefined;
}
