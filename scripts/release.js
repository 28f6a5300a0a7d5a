// Publishes what changesets say: `pnpm release` applies them to versions and changelogs, packs, tries the tarballs in empty
// projects and publishes those that the registry does not have, with provenance where CI can prove it.
// `pnpm release --dry-run` stops before anything is published; the versions it wrote can be seen with git diff.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pnpm } from './pnpm.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const isDryRun = process.argv.includes('--dry-run');
const canProve =
  process.env.ACTIONS_ID_TOKEN_REQUEST_URL !== undefined || process.env.SIGSTORE_ID_TOKEN !== undefined;

if (run('git', ['status', '--porcelain'], 'pipe') !== '') fail('commit or stash your changes first');
if (readdirSync(join(root, '.changeset')).some((name) => name.endsWith('.md'))) {
  run(pnpm, ['exec', 'changeset', 'version']);
  if (!isDryRun) {
    run('git', ['add', '-A']);
    run('git', ['commit', '-m', 'Release']);
  }
}
run(pnpm, ['run', 'build']);
run('node', ['scripts/test-packages.js']);

const { inOrder, manifests, pack } = await import('./pack.js');
const tarballs = mkdtempSync(join(tmpdir(), 'mlm-release-'));
for (const name of inOrder()) {
  const id = `${name}@${manifests.get(name).manifest.version}`;
  if (spawnSync('npm', ['view', id, 'version'], { encoding: 'utf8' }).stdout?.trim()) {
    console.log(`${id} is published already`);
    continue;
  }
  const tarball = pack(name, tarballs);
  const flags = [
    '--access',
    'public',
    ...(canProve ? ['--provenance'] : []),
    ...(isDryRun ? ['--dry-run'] : []),
  ];
  run('npm', ['publish', tarball, ...flags]);
}
rmSync(tarballs, { recursive: true });
if (isDryRun)
  console.log(
    'release: nothing was published; `git diff` shows the versions, `git checkout . && git clean -fd packages` undoes them',
  );
else run(pnpm, ['exec', 'changeset', 'tag']);

function run(command, args, stdout = 'inherit') {
  const settings = { cwd: root, encoding: 'utf8', stdio: ['ignore', stdout, 'inherit'] };
  const done = command === pnpm ? pnpm(args, settings) : spawnSync(command, args, settings);
  if (done.status !== 0) fail(`${args.join(' ')} failed`);
  return done.stdout ?? '';
}

function fail(reason) {
  console.error(`release: ${reason}`);
  process.exit(1);
}
