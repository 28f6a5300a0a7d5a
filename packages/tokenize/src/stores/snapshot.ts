import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { defined } from '@mlm/base/defined';
import { InputError, mention, say } from '@mlm/base/errors';

/** Some files of a model's repository on a hub, in Hugging Face's cache. */
export interface HubSnapshot {
  /** The folder that holds the files by their names. */
  folder: string;
  /** The commit that they belong to. */
  revision: string;
}

/** Options of {@link hubSnapshot}. */
export interface HubOptions {
  /** A branch, a tag or a commit. Default: main. */
  revision?: string | undefined;
  /** HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE. Default: this process's. */
  environment?: NodeJS.ProcessEnv;
}

/** Which files of a repository are wanted. */
export interface WantedFiles {
  /** Downloads the files that are needed of those available. */
  choose(available: readonly string[], download: (file: string) => Promise<string>): Promise<void>;
  /** Any of these files shows that a folder of the cache holds what is needed. */
  marks: readonly string[];
}

/** Whether a name has the form of a repository on a hub: `owner/name`. */
export function isHubId(name: string): boolean {
  return /^[\w-][\w.-]*\/[\w-][\w.-]*$/.test(name);
}

/** Owners of repositories that people name without their owner, as the hub allows. */
const ownersOfBareNames: readonly (readonly [names: RegExp, owner: string])[] = [
  [/^bert-(base|large)-[\w-]+$/, 'google-bert'],
  [/^(xlm-)?roberta-(base|large)$/, 'FacebookAI'],
  [/^distil(bert|roberta)-base(-[\w-]+)?$/, 'distilbert'],
  [/^modernbert-(base|large)$/i, 'answerdotai'],
  [/^albert-x{0,2}(base|large)-v[12]$/, 'albert'],
  [/^camembert-(base|large)$/, 'almanach'],
  [/^electra-(small|base|large)-generator$/, 'google'],
];

/**
 * The `owner/name` of a repository that is known by its bare name: `google-bert/bert-base-uncased` for
 * `bert-base-uncased`; `undefined` for other names.
 */
export function hubIdOfBareName(name: string): string | undefined {
  const owner = ownersOfBareNames.find(([names]) => names.test(name))?.[1];
  return owner && `${owner}/${name.replace(/^modernbert/i, 'ModernBERT')}`;
}

/**
 * Files of a model's repository, from Hugging Face's cache (HF_HOME, HF_HUB_CACHE). Missing ones are downloaded into it
 * from the hub (HF_ENDPOINT, HF_TOKEN). Without a network, or with HF_HUB_OFFLINE, earlier downloads are used.
 * @param name `owner/name`
 * @throws InputError if there is no such repository or revision, or if neither hub nor cache provides it
 */
export async function hubSnapshot(
  name: string,
  wanted: WantedFiles,
  { revision, environment = process.env }: HubOptions = {},
): Promise<HubSnapshot> {
  const hub = await import('@huggingface/hub');
  const hubUrl = (environment.HF_ENDPOINT ?? hub.HUB_URL).replace(/\/+$/, '');
  const cache = join(hub.getHFHubCachePath(), `models--${name.replace('/', '--')}`);
  if (/^(1|on|yes|true)$/i.test(environment.HF_HUB_OFFLINE ?? '')) {
    const cached = await cachedSnapshot(cache, wanted, revision);
    if (cached) return cached;
    throw new InputError(
      `${name}${of(revision)}: no such folder, not in the cache ${hub.getHFHubCachePath()}, and HF_HUB_OFFLINE forbids downloading it`,
    );
  }
  const access = defined({ hubUrl, accessToken: environment.HF_TOKEN || undefined });
  // The library logs downloads to standard output, which is for the caller's results.
  const { debug } = console;
  console.debug = () => {};
  try {
    const { sha, filePaths } = await hub.modelInfo({
      name,
      revision: revision ?? 'main',
      additionalFields: ['sha', 'filePaths'],
      ...access,
    });
    let folder = join(cache, 'snapshots', sha);
    await wanted.choose(filePaths, async (path) => {
      const file = await hub.downloadFileToCacheDir({ repo: name, path, revision: sha, ...access });
      folder = file.slice(0, -path.length - 1);
      return file;
    });
    await remember(cache, revision ?? 'main', sha);
    return { folder, revision: sha };
  } catch (error) {
    if (error instanceof InputError) throw error;
    const isAnswer = error instanceof hub.HubApiError && error.statusCode < 500;
    const cached = isAnswer ? undefined : await cachedSnapshot(cache, wanted, revision);
    if (cached) return cached;
    const which = isAnswer && revision ? say` with ${mention('revision', revision)}` : '';
    const remedy = isAnswer ? 'check the name, and set HF_TOKEN if it is private' : 'try again later';
    throw new InputError(
      say`${name}: no such folder, and it cannot be downloaded${which} from ${hubUrl} (${reasonOf(error)}); ${remedy}`,
    );
  } finally {
    console.debug = debug;
  }
}

const of = (revision: string | undefined) => (revision === undefined ? '' : ` at revision ${revision}`);

/** Records the commit of a branch or tag, as the Python client does, so that either client finds it later. */
async function remember(cache: string, revision: string, sha: string): Promise<void> {
  if (revision === sha) return;
  const file = join(cache, 'refs', revision);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, sha);
}

async function cachedSnapshot(
  cache: string,
  { marks }: WantedFiles,
  revision: string | undefined,
): Promise<HubSnapshot | undefined> {
  const known = await readFile(join(cache, 'refs', revision ?? 'main'), 'utf8').catch(() => revision);
  const all = await readdir(join(cache, 'snapshots')).catch(() => []);
  let newest: (HubSnapshot & { time: number }) | undefined;
  for (const sha of known === undefined ? all : all.filter((sha) => sha === known.trim())) {
    const folder = join(cache, 'snapshots', sha);
    for (const mark of marks) {
      const found = await stat(join(folder, mark)).catch(() => undefined);
      if (found && (!newest || found.mtimeMs > newest.time))
        newest = { folder, revision: sha, time: found.mtimeMs };
    }
  }
  return newest && { folder: newest.folder, revision: newest.revision };
}

/**
 * What happened: a hub's answer is its status with its own words, before the address that the library adds; fetch says
 * only "fetch failed", and the reason is in the cause.
 */
function reasonOf(error: unknown): string {
  const { cause, message, statusCode } = error as Error & { statusCode?: number };
  if (statusCode !== undefined) {
    const said = message.split(/\.? URL:/)[0]!;
    return said.includes(String(statusCode)) ? said : `${statusCode}: ${said}`;
  }
  const why = cause instanceof Error && cause.message ? cause.message : message;
  return why.split('\n')[0]!;
}
