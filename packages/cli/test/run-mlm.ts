import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const launcher = fileURLToPath(new URL('../bin/mlm.js', import.meta.url));

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** What the child reads on standard input; default: nothing. */
  input?: string | Uint8Array;
  /** Runs the child as this user (only root may); default: as the tests themselves. */
  uid?: number;
  /** Called once the child runs, to send it signals. */
  onStart?: (child: ChildProcess) => void;
}

export interface RunResult {
  /** The exit code; null when a signal ended the child. */
  code: number | null;
  stdout: Buffer;
  stderr: string;
}

/** Runs the built `mlm` as a user does: as a process of its own. */
export function runMlm(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return runCommand(process.execPath, [launcher, ...args], options);
}

/** Runs JavaScript, as a CommonJS module in a process of its own. */
export function runScript(script: string, options: RunOptions = {}): Promise<RunResult> {
  return runCommand(process.execPath, ['--input-type', 'commonjs', '--eval', script], options);
}

/** Runs a shell line in which `"$MLM"` stands for the launcher, for pipes and limits. */
export function runShell(line: string, options: RunOptions = {}): Promise<RunResult> {
  const mlm = `mlm() { "${process.execPath}" "${launcher}" "$@"; }`;
  return runCommand('bash', ['-c', `${mlm}\n${line}`], options);
}

function runCommand(program: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  // INIT_CWD is set by the pnpm that runs the tests, and would move the child's relative paths.
  const { INIT_CWD: _, FORCE_COLOR: __, ...env } = process.env;
  // What is set up on the machine must not choose the engine.
  const machine = { MLM_TENSORFLOW_HOME: fileURLToPath(new URL('./not-set-up', import.meta.url)) };
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...env, ...machine, ...options.env },
    stdio: 'pipe',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  child.stdin.on('error', () => {}); // A child that ends before it has read everything closes the pipe.
  child.stdin.end(options.input ?? '');
  options.onStart?.(child);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }),
    );
  });
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'mlm-test-'));
}
