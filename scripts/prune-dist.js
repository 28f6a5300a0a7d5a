// Removes from ./dist what no source in ./src stands for any more: tsc leaves the outputs of deleted files, and a tarball
// would ship them. Turbo leaves files of earlier bundles when it restores a build, so the bundle is made anew. Runs before a
// package is packed.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

for (const entry of readdirSync('dist', { recursive: true, withFileTypes: true })) {
  const path = relative('dist', join(entry.parentPath, entry.name));
  const [, stem] = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(path) ?? [];
  if (!entry.isFile() || stem === undefined || entry.parentPath === 'dist/bundle') continue;
  if (!['.ts', '.js'].some((extension) => existsSync(join('src', `${stem}${extension}`))))
    rmSync(join('dist', path));
}
if (existsSync('dist/bundle')) await import('./bundle.js');
