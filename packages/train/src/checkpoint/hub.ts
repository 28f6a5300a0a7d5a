import { stat } from 'node:fs/promises';
import { tokenizerFileNames } from '@mlm/base';
import { InputError, mention, say } from '@mlm/base/errors';
import { type HubOptions, hubIdOfBareName, hubSnapshot, isHubId, type WantedFiles } from '@mlm/tokenize/hub';
import { presetNames } from '../models/index.js';
import { configFile } from './checkpoint.js';
import { shardNames, weightsFile, weightsIndexFile } from './weights.js';

/** A checkpoint folder and, if it came from a hub, its commit. */
export interface FoundCheckpoint {
  folder: string;
  revision?: string;
}

/**
 * Finds a checkpoint's folder: the one named or, for an `owner/name` that is no folder, a `hubSnapshot` of that
 * repository.
 *
 * @throws InputError when there is neither such a folder nor such a repository, or when a revision is given for a
 * folder
 *
 * @example
 * ```ts
 * import { findCheckpoint } from '@mlm/train';
 *
 * const found = await findCheckpoint('google-bert/bert-base-uncased');
 * ```
 */
export async function findCheckpoint(name: string, options: HubOptions = {}): Promise<FoundCheckpoint> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) {
    if (options.revision === undefined) return { folder: name };
    throw new InputError(
      say`${name}: is a local folder, which has no revisions; omit ${mention('revision')}`,
    );
  }
  if (found)
    throw new InputError(
      `${name}: is a file, expected a checkpoint’s folder, with ${configFile} and ${weightsFile} in it`,
    );
  if (isHubId(name)) return hubSnapshot(name, wantedFiles(name), options);
  const id = hubIdOfBareName(name);
  if (id !== undefined) throw new InputError(`${name}: no such checkpoint folder; the hub has it as ${id}`);
  throw new InputError(
    `${name}: no such checkpoint folder; expected a folder, an owner/name of the hub, or one of ${presetNames.join(', ')}`,
  );
}

/**
 * The folder found by {@link findCheckpoint}.
 *
 * @example
 * ```ts
 * import { checkpointFolder } from '@mlm/train';
 *
 * const found = await checkpointFolder('google-bert/bert-base-uncased');
 * ```
 */
export async function checkpointFolder(name: string, environment = process.env): Promise<string> {
  return (await findCheckpoint(name, { environment })).folder;
}

const wantedFiles = (name: string): WantedFiles => ({
  async choose(available, download) {
    const weights = [weightsFile, weightsIndexFile].find((file) => available.includes(file));
    if (!weights)
      throw new InputError(`${name}: has no ${weightsFile}; weights in other formats are not supported`);
    const file = await download(weights);
    const shards = weights === weightsIndexFile ? await shardNames(file) : [];
    const others = [configFile, ...tokenizerFileNames].filter((name) => available.includes(name));
    for (const path of [...shards, ...others]) await download(path);
  },
  marks: [weightsFile, weightsIndexFile],
});
