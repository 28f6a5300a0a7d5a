import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { InputError, type MessageParts } from './errors.js';

/**
 * A module of the caller's package to run in another thread or process. When running from sources (tests), this is the
 * compiled module: src and dist have the same depth.
 *
 * @param from - the caller's `import.meta.url`
 * @param path - the module, relative to it: `./worker.js`
 */
export const entryPoint = (from: string, path: string): URL =>
  new URL(new URL(path, from).href.replace('/src/', '/dist/'));

/**
 * Imports a module whose URL is known at run time alone. One in CommonJS is required, for which Node need not load what
 * reads ES modules.
 */
export async function importModule(url: string): Promise<unknown> {
  return url.endsWith('.cjs') ? createRequire(url)(fileURLToPath(url)) : import(url);
}

export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  signal?: AbortSignal | undefined;
  /** Called with each finished line of either stream, for progress. */
  onLine?: ((line: string) => void) | undefined;
}

/** Runs a program to its end and returns its output. If the program cannot be started, the code is null. */
export async function runCommand(
  program: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  // Threads and short commands, which start no programs, do without this module and those that it needs.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      signal: options.signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const written = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      let line = '';
      child[name].setEncoding('utf8').on('data', (text: string) => {
        written[name] += text;
        const lines = (line + text).split('\n');
        line = lines.pop() ?? '';
        for (const finished of lines) options.onLine?.(finished);
      });
    }
    child.on('error', (error) => resolve({ code: null, ...written, stderr: written.stderr + error.message }));
    child.on('close', (code) => resolve({ code, ...written }));
  });
}

/** The last lines of a failed program's output, joined for a message. */
export function lastWords(result: CommandResult, lines = 3): string {
  const text = (result.stderr.trim() || result.stdout.trim()).split('\n');
  return text.slice(-lines).join(' | ').trim();
}

/** Writes an error as the last line of standard error, for {@link reportedParts} in the parent process. */
export function reportError(error: Error): void {
  const line = error.message.split('\n', 1)[0]!;
  console.error(JSON.stringify({ parts: error instanceof InputError ? error.parts : [line] }));
}

/** The message with which a process ended by {@link reportError}; `undefined` if it ended otherwise. */
export function reportedParts({ stderr }: CommandResult): MessageParts | undefined {
  const line = stderr.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{"parts":')) return undefined;
  return (JSON.parse(line) as { parts: MessageParts }).parts;
}
