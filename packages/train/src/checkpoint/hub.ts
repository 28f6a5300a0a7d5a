import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tokenizerFileNames } from '@mlm/base';
import { InputError } from '@mlm/base/errors';
import { presetNames } from '../models/index.js';
import { configFile } from './checkpoint.js';
import { shardNames, weightsFile, weightsIndexFile } from './weights.js';

/** A repository on a hub: `owner/name`. */
const hubId = /^[\w.-]+\/[\w.-]+$/;

/**
 * The folder of a checkpoint: the one named, or, for an `owner/name` that is no folder, the one in Hugging Face's cache
 * (HF_HOME, HF_HUB_CACHE), downloaded from the hub (HF_ENDPOINT, HF_TOKEN) where it is not there yet.
 *
 * @throws InputError when there is neither such a folder nor such a repository
 */
export async function checkpointFolder(name: string, environment = process.env): Promise<string> {
  if ((await stat(name).catch(() => undefined))?.isDirectory()) return name;
  if (!hubId.test(name)) {
    throw new InputError(
      `${name}: no such checkpoint folder; expected a folder, an owner/name of the hub, or one of ${presetNames.join(', ')}`,
    );
  }
  const hub = await import('@huggingface/hub');
  const hubUrl = (environment.HF_ENDPOINT ?? hub.HUB_URL).replace(/\/+$/, '');
  const access = { hubUrl, ...(environment.HF_TOKEN && { accessToken: environment.HF_TOKEN }) };
  // The library tells of each download on standard output, which belongs to the caller's results.
  const { debug } = console;
  console.debug = () => {};
  try {
    const { sha, filePaths } = await hub.modelInfo({
      name,
      additionalFields: ['sha', 'filePaths'],
      ...access,
    });
    const weights = [weightsFile, weightsIndexFile].find((file) => filePaths.includes(file));
    if (!weights) {
      throw new InputError(
        `${hubUrl}/${name}: has no ${weightsFile}; weights of another format are not read`,
      );
    }
    const fetchFile = (path: string) =>
      hub.downloadFileToCacheDir({ repo: name, path, revision: sha, ...access });
    const file = await fetchFile(weights);
    const shards = weights === weightsIndexFile ? await shardNames(file) : [];
    const others = [configFile, ...tokenizerFileNames].filter((name) => filePaths.includes(name));
    for (const path of [...shards, ...others]) await fetchFile(path);
    return dirname(file);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const repository = join(hub.getHFHubCachePath(), `models--${name.replace('/', '--')}`, 'snapshots');
    const cached = error instanceof hub.HubApiError ? undefined : await newestSnapshot(repository);
    if (cached) return cached;
    throw new InputError(`${name}: no such folder, and it cannot be had from ${hubUrl} (${reasonOf(error)})`);
  } finally {
    console.debug = debug;
  }
}

/** Without a network, what was downloaded before serves. */
async function newestSnapshot(repository: string): Promise<string | undefined> {
  let newest: { folder: string; time: number } | undefined;
  for (const revision of await readdir(repository).catch(() => [])) {
    const folder = join(repository, revision);
    const weights = await stat(join(folder, weightsFile)).catch(() => undefined);
    if (weights && (!newest || weights.mtimeMs > newest.time)) newest = { folder, time: weights.mtimeMs };
  }
  return newest?.folder;
}

/** fetch says only "fetch failed": what happened is in the cause. */
function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  const why = cause instanceof Error && cause.message ? cause.message : message;
  return why.split('\n')[0]!;
}
