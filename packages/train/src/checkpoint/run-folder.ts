import { copyFile, link, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  checkTarget,
  checkWorkingFolder,
  exists,
  InputError,
  mention,
  type OutputLock,
  type Replaceable,
  replaceFolder,
  restoreFolder,
  say,
  syncFile,
  syncFolder,
} from '@mlm/base';
import type { Given } from '@mlm/base/options';
import type { Weights } from '../models/model.js';
import type { trainOptions } from '../options.js';
import { type Checkpoint, isCheckpointFile, readCheckpoint, writeCheckpoint } from './checkpoint.js';
import { momentsFile, readMoments, readState, stateFile, type TrainerState, writeState } from './state.js';

/** A checkpoint together with what its run needs to continue. */
export interface Snapshot {
  checkpoint: Checkpoint;
  state: TrainerState;
  moments: Weights;
}

/** A snapshot read from a folder. */
export interface StoredSnapshot extends Snapshot {
  /** The run's folder, or one of its `checkpoint-<step>/`. */
  folder: string;
}

const numbered = /^checkpoint-(\d+)$/;
/** Exists only while the last snapshot moves into the run's folder itself. */
const lastFolder = 'last';
const metricsFile = 'metrics.jsonl';

const isOfARun = (name: string) =>
  name === stateFile || name === metricsFile || name === lastFolder || numbered.test(name);

/** What a run writes, and therefore all that `overwrite` may remove. */
const runFolder: Replaceable & { kind: 'folder' } = {
  kind: 'folder',
  name: 'the output of a training run',
  marks: [metricsFile, stateFile, lastFolder],
  isPart(path) {
    // Unfinished files and folders are called <name>.partial; a folder also uses new/ and old/ inside it.
    const [, folder = '', file = ''] =
      /^(?:([^/]+?)(?:\.partial)?\/(?:(?:new|old)\/)?)?([^/]*?)(?:\.partial)?$/.exec(path) ?? [];
    if (folder !== '' && folder !== 'best' && folder !== lastFolder && !numbered.test(folder)) return false;
    if (file === '') return folder !== '';
    const isSnapshotFile = isCheckpointFile(file) || file === stateFile || file === momentsFile;
    return isSnapshotFile || (folder === '' && isReport(file));
  },
};

const isReport = (name: string) =>
  name === metricsFile || name === 'report.html' || /^events\.out\.tfevents\.[\w.-]+\.mlm$/.test(name);

/** Determines what happens to a folder that already exists. */
export interface RunFolderOptions {
  resume: boolean;
  overwrite: boolean;
  /** Files and folders that the run reads. */
  inputs: readonly string[];
}

/**
 * The output of a run: the last checkpoint in the folder itself, earlier ones in `checkpoint-<step>/`, the one with the
 * best validation loss in `best/`, beside metrics.jsonl and the reports.
 */
export class RunFolder {
  /** @param lock makes this process the only writer; without it, the caller must ensure that */
  constructor(
    readonly path: string,
    private readonly lock?: OutputLock,
  ) {}

  /**
   * @throws InputError when the folder is not empty and neither `resume` nor `overwrite` is set, or `overwrite` would
   * remove an input or something that no run wrote
   */
  async check({ resume, overwrite, inputs }: RunFolderOptions): Promise<void> {
    checkWorkingFolder(this.path, runFolder, { inputs });
    await restoreFolder(this.path);
    const found = await stat(this.path).catch(() => undefined);
    if (found && !found.isDirectory()) throw new InputError(`${this.path}: exists and is not a folder`);
    if (!found && resume)
      throw new InputError(
        say`${this.path}: no such folder, so there is no run to resume; name the run’s folder with ${mention('output')}`,
      );
    const present = found ? await readdir(this.path) : [];
    if (resume) {
      if (present.some(isOfARun)) return;
      throw new InputError(
        say`${this.path}: holds no training run (no ${stateFile}, checkpoint-* or ${metricsFile}), so there is none to resume; omit ${mention('resume')}, or name another ${mention('output')}`,
      );
    }
    if (present.length === 0) return;
    if (!overwrite) {
      throw new InputError(
        say`${this.path}: exists; go on with ${mention('resume')}, replace it with ${mention('overwrite')}, or name another ${mention('output')}`,
      );
    }
    checkTarget(this.path, runFolder, { overwrite, inputs });
  }

  /**
   * Creates the folder, without any step unless the run is resumed. On resuming, cleans up after a kill and removes
   * checkpoints beyond `keep`. Whatever is replaced stays until its replacement is complete.
   */
  async create({ resume, keep = 0 }: { resume: boolean; keep?: number }): Promise<void> {
    this.lock?.check();
    if (!resume) return replaceFolder(this.path, (made) => writeFile(join(made, metricsFile), ''));
    await this.#restore();
    await this.#removeOldest(keep);
  }

  /** The folder and state of the newest complete snapshot. */
  async newestState(): Promise<{ folder: string; state: TrainerState } | undefined> {
    const folders = [this.path, ...(await this.#numberedFolders()).map(({ folder }) => folder)];
    let newest: { folder: string; state: TrainerState } | undefined;
    for (const folder of folders) {
      if (!(await exists(join(folder, stateFile)))) continue;
      const state = await readState(folder);
      if (!newest || state.step > newest.state.step) newest = { folder, state };
    }
    return newest;
  }

  /** The newest complete snapshot; `undefined` if the run ended before writing one. */
  async newest(): Promise<StoredSnapshot | undefined> {
    await this.#moveLast();
    await this.#restore();
    const newest = await this.newestState();
    if (!newest) return undefined;
    const { folder, state } = newest;
    const checkpoint = await readCheckpoint(folder);
    return { folder, checkpoint, state, moments: await readMoments(folder, checkpoint.model) };
  }

  /** Writes `checkpoint-<step>/` and removes the oldest beyond `keep` (0 keeps all). */
  async saveNumbered(snapshot: Snapshot, keep: number): Promise<string> {
    this.lock?.check();
    const folder = join(this.path, `checkpoint-${snapshot.state.step}`);
    await replaceFolder(folder, (partial) => writeSnapshot(partial, snapshot));
    await this.#removeOldest(keep);
    return folder;
  }

  /** Writes `best/`, a checkpoint from which no run can continue. */
  async saveBest(checkpoint: Checkpoint): Promise<string> {
    this.lock?.check();
    const folder = join(this.path, 'best');
    await replaceFolder(folder, (partial) => writeCheckpoint(partial, checkpoint));
    return folder;
  }

  /** Writes the run's last checkpoint into the folder itself. A kill at any moment leaves a complete snapshot. */
  async saveLast(snapshot: Snapshot): Promise<void> {
    this.lock?.check();
    await replaceFolder(join(this.path, lastFolder), (partial) => writeSnapshot(partial, snapshot));
    await this.#moveLast();
  }

  /**
   * Puts the files of `last/` into the run's folder. Until the folder has all of them, `last/` is the snapshot: its
   * files stay in place, and the folder has no state, which comes last.
   */
  async #moveLast(): Promise<void> {
    const last = join(this.path, lastFolder);
    if (!(await exists(last))) return;
    await rm(join(this.path, stateFile), { force: true });
    const names = (await readdir(last)).filter((name) => name !== stateFile);
    for (const name of [...names, stateFile]) await putAlso(join(last, name), join(this.path, name));
    await syncFolder(this.path);
    await removeFolder(last);
  }

  /** Cleans up what a kill left half written or half removed. */
  async #restore(): Promise<void> {
    for (const name of await readdir(this.path))
      if (name.endsWith('.partial')) await restoreFolder(join(this.path, name.slice(0, -'.partial'.length)));
  }

  /** Removes the oldest checkpoints beyond `keep`; 0 keeps all. */
  async #removeOldest(keep: number): Promise<void> {
    if (keep === 0) return;
    for (const { folder } of (await this.#numberedFolders()).slice(0, -keep)) await removeFolder(folder);
  }

  async #numberedFolders(): Promise<{ step: number; folder: string }[]> {
    const found = (await readdir(this.path)).flatMap((name) => {
      const step = numbered.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), folder: join(this.path, name) }];
    });
    return found.sort((a, b) => a.step - b.step);
  }
}

async function writeSnapshot(folder: string, { checkpoint, state, moments }: Snapshot): Promise<void> {
  await writeCheckpoint(folder, checkpoint);
  await writeState(folder, state, moments);
}

/** Puts a file into a second place too, whole or not at all. */
async function putAlso(from: string, to: string): Promise<void> {
  const partial = `${to}.partial`;
  await rm(partial, { force: true });
  // Not every file system supports links.
  await link(from, partial).catch(async () => {
    await copyFile(from, partial);
    await syncFile(partial);
  });
  await rename(partial, to);
}

/** Removes a folder so that it is never seen half removed under its own name. */
async function removeFolder(folder: string): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await rename(folder, partial);
  await rm(partial, { recursive: true });
}

/**
 * The options of the run in a folder; `undefined` if it holds no run, or one of an earlier version.
 *
 * @example
 * ```ts
 * import { settingsOfRun } from '@mlm/train';
 *
 * const { learningRate, epochs } = await settingsOfRun('out-bert-tiny');
 * ```
 */
export async function settingsOfRun(folder: string): Promise<Given<typeof trainOptions>> {
  if (!(await exists(folder))) return {};
  return (await new RunFolder(folder).newestState())?.state.settings ?? {};
}
