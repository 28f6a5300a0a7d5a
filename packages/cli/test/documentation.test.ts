import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { processContext } from '../src/context.js';
import { createProgram } from '../src/program.js';
import { temporaryFolder } from './run-mlm.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

interface Block {
  /** File and line. */
  place: string;
  language: string;
  text: string;
}

/** The fenced blocks of a page, or those under `@example` in a source file. */
function blocksOf(file: string): Block[] {
  const source = readFileSync(join(root, file), 'utf8');
  const text = file.endsWith('.ts') ? source.replaceAll(/^ *\* ?/gm, '') : source;
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language, 2: block }) => ({
    place: `${file}:${text.slice(0, index).split('\n').length + 1}`,
    language: language!,
    text: block!,
  }));
}

function list(folder: string, end: string, depth = 0): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isFile()) return path.endsWith(end) ? [path] : [];
    return entry.isDirectory() && depth > 0 && entry.name !== 'node_modules'
      ? list(path, end, depth - 1)
      : [];
  });
}

const packages = readdirSync(join(root, 'packages'));
const pages = [
  ...['README.md', 'CONTRIBUTING.md'],
  ...packages.map((name) => `packages/${name}/README.md`),
  ...list('docs', '.md', 1),
];
const sources = packages
  .filter((name) => name !== 'mlm')
  .flatMap((name) => list(`packages/${name}/src`, '.ts', 9));
const examples = sources.filter((file) => readFileSync(join(root, file), 'utf8').includes('* @example'));

test('JavaScript and TypeScript of the pages and of @example compile as strict TypeScript', () => {
  const folder = temporaryFolder();
  // Packages as a project has them that installed them all.
  mkdirSync(join(folder, 'node_modules/@mlm'), { recursive: true });
  for (const name of packages.filter((name) => name !== 'mlm'))
    symlinkSync(join(root, 'packages', name), join(folder, 'node_modules/@mlm', name));
  const borrowed = {
    '@tensorflow': 'packages/compile',
    '@types': '.',
    'apache-arrow': 'packages/arrow',
    '@huggingface': 'interop/browser',
  };
  for (const [name, owner] of Object.entries(borrowed))
    symlinkSync(join(root, owner, 'node_modules', name), join(folder, 'node_modules', name));
  const blocks = [...pages, ...examples].flatMap(blocksOf).filter(({ language }) => /^[jt]s$/.test(language));
  expect(blocks.length).toBeGreaterThan(9);
  const places = new Map<string, string>();
  for (const [index, { place, text }] of blocks.entries()) {
    writeFileSync(join(folder, `block-${index}.mts`), `${text}\nexport {};\n`);
    places.set(`block-${index}.mts`, place);
  }
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  const types = ['--types', 'node', '--lib', 'es2023,dom'];
  expect(compile([tsc, ...options, ...types, ...places.keys()], folder, places)).toBe('');
}, 120_000);

/** What the compiler complains of, by place in the pages. */
function compile(command: string[], cwd: string, places: Map<string, string>): string {
  try {
    execFileSync(process.execPath, command, { cwd, encoding: 'utf8' });
    return '';
  } catch (error) {
    const { stdout } = error as { stdout: string };
    return stdout.replaceAll(/block-\d+\.mts/g, (name) => `${places.get(basename(name))} `);
  }
}

/** The command lines of mlm in a block, as a shell would divide them into words. */
function commandLines({ place, text }: Block): { place: string; args: string[] }[] {
  return text
    .replaceAll(/\\\n\s*/g, ' ')
    .split('\n')
    .flatMap((line) => {
      const command = /^(?:.*\| )?(?:\$ )?(?:[A-Z_]+=\S+ )*(?:(?:npx|pnpm) )?mlm (.*)$/.exec(line)?.[1];
      if (command === undefined) return [];
      const words = command.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
      const end = words.findIndex((word) => /^([#|>&;]|\d?>)/.test(word));
      const args = (end < 0 ? words : words.slice(0, end)).map((word) => word.replaceAll(/^["']|["']$/g, ''));
      return [{ place: `${place}: mlm ${args.join(' ')}`, args }];
    });
}

const lines = pages
  .flatMap(blocksOf)
  .filter(({ language }) => language === '' || language === 'sh')
  // A page's usage line stands for all command lines.
  .flatMap(commandLines)
  .filter(({ args }) => !args.some((arg) => /^\[|^<command>|^…/.test(arg)));

test('the pages have command lines to check', () => expect(lines.length).toBeGreaterThan(40));

test.each(lines)('$place', async ({ args }) => {
  const program = createProgram(processContext(new AbortController().signal));
  disarm(program);
  await program.parseAsync(args, { from: 'user' }).catch((error: Error & { code?: string }) => {
    if (!error.code?.startsWith('commander.help') && error.code !== 'commander.version') throw error;
  });
});

/** Commands, and those below them, that only read their arguments. */
function disarm({ commands }: Command): void {
  for (const command of commands) {
    if (command.commands.length === 0) command.action(() => {});
    else disarm(command);
  }
}
