import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '@mlm/arrow';
import type { Weights } from '../model/parameters.js';
import { type Checkpoint, readCheckpoint, writeCheckpoint, writeWhole } from './checkpoint.js';
import { readState, stateFile, type TrainerState, writeState } from './state.js';

/** A checkpoint together with what its run needs to go on. */
export interface Snapshot {
  checkpoint: Checkpoint;
  state: TrainerState;
  moments: Weights;
}

const numbered = /^checkpoint-(\d+)$/;

/**
 * The output of a run: the last checkpoint in the folder itself, those on the way in `checkpoint-<step>/`, the one with
 * the best held-out loss in `best/`, beside metrics.jsonl and the reports.
 */
export class RunFolder {
  constructor(readonly path: string) {}

  /** @throws InputError when the folder holds something and neither `resume` nor `overwrite` says what to do with it */
  async check({ resume, overwrite }: { resume: boolean; overwrite: boolean }): Promise<void> {
    const found = await stat(this.path).catch(() => undefined);
    if (found && !found.isDirectory()) throw new InputError(`${this.path}: exists and is no folder`);
    if (!found && resume) throw new InputError(`${this.path}: no such folder, so there is no run to resume`);
    const present = found ? await readdir(this.path) : [];
    if (present.length === 0 || resume) return;
    if (!overwrite) {
      throw new InputError(
        `${this.path}: exists; go on with --resume, replace it with --overwrite, or name another --output`,
      );
    }
    if (!present.includes('metrics.jsonl') && !present.includes('config.json')) {
      throw new InputError(
        `${this.path}: does not look like the output of a training run; remove it yourself`,
      );
    }
  }

  /** Makes the folder, an empty one unless a run is resumed. */
  async create({ resume }: { resume: boolean }): Promise<void> {
    if (!resume) await rm(this.path, { recursive: true, force: true });
    await mkdir(this.path, { recursive: true });
  }

  /** The newest whole snapshot; none where the run ended before it wrote its first. */
  async newest(): Promise<Snapshot | undefined> {
    const folders = [this.path, ...(await this.#numberedFolders()).map(({ folder }) => folder)];
    let newest: { folder: string; state: TrainerState; moments: Weights } | undefined;
    for (const folder of folders) {
      if (!(await stat(join(folder, stateFile)).catch(() => undefined))) continue;
      const found = await readState(folder);
      if (!newest || found.state.step > newest.state.step) newest = { folder, ...found };
    }
    if (!newest) return undefined;
    return { checkpoint: await readCheckpoint(newest.folder), state: newest.state, moments: newest.moments };
  }

  /** Writes `checkpoint-<step>/` and removes the oldest beyond `keep` (0 keeps all). */
  async saveNumbered(snapshot: Snapshot, keep: number): Promise<string> {
    const folder = join(this.path, `checkpoint-${snapshot.state.step}`);
    await writeWhole(folder, (partial) => writeSnapshot(partial, snapshot));
    if (keep > 0) {
      for (const old of (await this.#numberedFolders()).slice(0, -keep))
        await rm(old.folder, { recursive: true });
    }
    return folder;
  }

  /** Writes `best/`, a checkpoint without the means to go on. */
  async saveBest(checkpoint: Checkpoint): Promise<string> {
    const folder = join(this.path, 'best');
    await writeWhole(folder, (partial) => writeCheckpoint(partial, checkpoint));
    return folder;
  }

  /** Writes the run's last checkpoint into the folder itself. The state goes last: with it the files belong together. */
  async saveLast(snapshot: Snapshot): Promise<void> {
    const partial = join(this.path, 'last.partial');
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial);
    await writeSnapshot(partial, snapshot);
    await rm(join(this.path, stateFile), { force: true });
    const names = (await readdir(partial)).filter((name) => name !== stateFile);
    for (const name of [...names, stateFile]) await rename(join(partial, name), join(this.path, name));
    await rm(partial, { recursive: true });
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
