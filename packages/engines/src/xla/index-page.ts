import { InputError } from '@mlm/base/errors';
import type { Package } from './packages.js';

/** A wheel in a package index. */
export interface Wheel {
  readonly file: string;
  readonly url: string;
  readonly sha256: string;
  /** Size in bytes; undefined if the index does not say. */
  readonly bytes: number | undefined;
}

/** The package index: `PIP_INDEX_URL`, as for pip, else PyPI. */
export const indexUrl = (environment: NodeJS.ProcessEnv = process.env): string =>
  (environment.PIP_INDEX_URL || 'https://pypi.org/simple').replace(/\/+$/, '');

const architectures: Readonly<Partial<Record<NodeJS.Architecture, string>>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
};

/**
 * Finds the wheel of a package for this machine in the index (PEP 503 and PEP 691).
 *
 * @throws InputError if the index does not answer or has no such wheel, or if its hash differs from the expected one
 *
 * @example
 * ```ts
 * import { fetchWheel, findWheel } from '@mlm/engines';
 *
 * const wheel = await findWheel({ name: 'jax-cuda13-pjrt', version: '0.9.1' });
 * await fetchWheel(wheel, 'plugin');
 * ```
 */
export async function findWheel({ name, version, sha256 }: Package, signal?: AbortSignal): Promise<Wheel> {
  const page = `${indexUrl()}/${name}/`;
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';
  const response = await fetch(page, { headers: { accept }, signal: signal ?? null }).catch(
    (error: Error) => {
      throw signal?.aborted ? error : new InputError(`${page} cannot be read: ${reason(error)}`);
    },
  );
  if (!response.ok) throw new InputError(`${page}: the server answered ${response.status}`);
  const json = response.headers.get('content-type')?.includes('json') ?? false;
  const wheels = parsePage(await response.text(), { json, page });
  const prefix = `${name.replaceAll('-', '_')}-${version}-`;
  const architecture = architectures[process.arch];
  const found = wheels.find(
    ({ file }) => file.startsWith(prefix) && file.includes('linux') && file.endsWith(`_${architecture}.whl`),
  );
  if (!found) {
    throw new InputError(
      `${page} has no wheel of ${name} ${version} for Linux on ${architecture ?? process.arch}`,
    );
  }
  if (sha256 !== undefined && found.sha256 !== sha256) {
    throw new InputError(`${page}: ${found.file} has the hash ${found.sha256}, expected ${sha256}`);
  }
  return found;
}

/** The wheels on a package's page that have a hash. */
export function parsePage(text: string, { json, page }: { json: boolean; page: string }): Wheel[] {
  return json ? parseJson(text, page) : parseHtml(text, page);
}

interface JsonPage {
  files: { filename: string; url: string; hashes: { sha256?: string }; size?: number }[];
}

function parseJson(text: string, page: string): Wheel[] {
  const { files } = JSON.parse(text) as JsonPage;
  return files.flatMap(({ filename, url, hashes: { sha256 }, size }) =>
    sha256 ? [{ file: filename, url: new URL(url, page).href, sha256, bytes: size }] : [],
  );
}

/** Links such as `<a href="../x.whl#sha256=…">x.whl</a>`. */
function parseHtml(text: string, page: string): Wheel[] {
  return [...text.matchAll(/<a\s[^>]*href="([^"]+)"[^>]*>\s*([^<\s]+)\s*<\/a>/gi)].flatMap(
    ([, href, file]) => {
      const url = new URL(href!.replaceAll('&amp;', '&'), page);
      const sha256 = /^#sha256=([0-9a-f]{64})$/.exec(url.hash)?.[1];
      url.hash = '';
      return sha256 ? [{ file: file!, url: url.href, sha256, bytes: undefined }] : [];
    },
  );
}

/** Why a fetch failed, which Node hides in `cause`. */
export const reason = (error: Error): string =>
  error.cause instanceof Error ? error.cause.message : error.message;
