// Builds the documentation: each command's help goes into its page under docs/commands, the TSDoc into docs/api, and all
// pages into a static site, docs/site, whose links are checked. `node scripts/docs.js --help-only` stops after the first.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { foreignOptions } from './foreign-options.js';
import { pnpm } from './pnpm.js';

const root = new URL('../', import.meta.url);
writeFileSync(
  new URL('packages/cli/src/options/foreign.generated.ts', root),
  foreignOptions(readFileSync(new URL('docs/coming-from-run-mlm.md', root), 'utf8')),
);
const { commandPages } = await import(new URL('packages/cli/dist/index.js', root).href);

for (const { name, help } of commandPages()) {
  const file = new URL(`docs/commands/${name}.md`, root);
  const page = readFileSync(file, 'utf8');
  const begin = page.indexOf('<!-- help');
  const end = page.indexOf('<!-- end -->');
  if (begin < 0 || end < begin)
    throw new Error(`${fileURLToPath(file)}: the marks around the help are missing`);
  const marked = page.slice(begin, page.indexOf('\n', begin) + 1);
  writeFileSync(file, `${page.slice(0, begin)}${marked}\n\`\`\`\n${help}\n\`\`\`\n\n${page.slice(end)}`);
}

if (!process.argv.includes('--help-only')) {
  for (const script of ['api', 'site']) {
    const { status } = pnpm(['--filter', '@mlm/docs', 'run', script], { cwd: root, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
}
