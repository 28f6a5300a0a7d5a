// What `pnpm release` does, without a registry that keeps it: changesets are applied to a copy of the manifests, and npm
// is asked whether it would publish each tarball.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inOrder, manifests } from './pack.js';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What is wrong with the release that the changesets make; `undefined` where nothing is. */
export function wrongVersions() {
  const copy = mkdtempSync(join(tmpdir(), 'mlm-release-'));
  try {
    const { stdout } = spawnSync('git', ['ls-files', '.changeset', '*package.json', 'pnpm-*.yaml'], {
      cwd: root,
      encoding: 'utf8',
    });
    for (const file of stdout.trim().split('\n')) cpSync(join(root, file), join(copy, file));
    const changeset = join(root, 'node_modules/@changesets/cli/bin.js');
    const { status, stderr } = spawnSync(process.execPath, [changeset, 'version'], {
      cwd: copy,
      encoding: 'utf8',
    });
    if (status !== 0) return stderr;
    const changes = readdirSync(join(copy, '.changeset')).filter((name) => name.endsWith('.md'));
    if (changes.length > 0) return `changesets are left: ${changes.join(', ')}`;
    const versions = [...manifests.values()].map(({ folder }) => versionOf(join(copy, 'packages', folder)));
    if (new Set(versions).size > 1) return `versions differ: ${versions.join(', ')}`;
    const logs = [...manifests.values()].filter(({ folder }) => !changelogOf(join(copy, 'packages', folder)));
    return logs.length === 0 ? undefined : `no changelog: ${logs.map(({ folder }) => folder).join(', ')}`;
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** Why npm would not publish a tarball, or what in it refers to the checkout; `undefined` where all is well. */
export function unpublishable(name, tarball) {
  const { status, stderr } = spawnSync('npm', ['publish', tarball, '--access', 'public', '--dry-run'], {
    cwd: dirname(tarball),
    encoding: 'utf8',
  });
  if (status !== 0) return stderr;
  const { stdout } = spawnSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' });
  if (/"(?:workspace|catalog|link|file):/.test(stdout)) return `a dependency is of the checkout:\n${stdout}`;
  const order = inOrder();
  const late = Object.keys(manifests.get(name).manifest.dependencies ?? {}).filter(
    (dependency) => order.indexOf(dependency) > order.indexOf(name),
  );
  return late.length === 0 ? undefined : `is published before ${late.join(', ')}`;
}

const versionOf = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
const changelogOf = (folder) => readdirSync(folder).includes('CHANGELOG.md');
