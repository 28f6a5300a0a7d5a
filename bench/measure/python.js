import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { log } from './log.js';

const environment = fileURLToPath(new URL('../.cache/python', import.meta.url));

/** Installs the peers of requirements.txt into bench/.cache/python. */
export function setUpPython() {
  mkdirSync(environment, { recursive: true });
  const requirements = fileURLToPath(new URL('../requirements.txt', import.meta.url));
  execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
  execFileSync(`${environment}/bin/pip`, ['install', '-q', '-r', requirements], { stdio: 'inherit' });
}

/**
 * The Python that holds the peers, or undefined, after saying so, where a module is missing.
 * @param {string | undefined} given the path that `--python` names
 * @param {readonly string[]} modules
 */
export function findPython(given, modules) {
  const python = given ?? `${environment}/bin/python`;
  if (!given && !existsSync(python)) {
    log(`no Python peers: run \`pnpm bench setup\`, or name an interpreter with --python`);
    return undefined;
  }
  for (const module of modules) {
    try {
      execFileSync(python, [
        '-c',
        `import importlib.util, sys; sys.exit(importlib.util.find_spec("${module}") is None)`,
      ]);
    } catch {
      log(`no Python peers: ${python} has no ${module}; see bench/requirements.txt`);
      return undefined;
    }
  }
  return python;
}
