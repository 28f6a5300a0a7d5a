import { resolve } from 'node:path';

/** What a command needs to know of the process that runs it. */
export interface Context {
  /** Where the user stands: relative paths are resolved from here. pnpm and npm run scripts elsewhere and say so in INIT_CWD. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C (or SIGTERM); a command then stops cleanly and leaves nothing half-written. */
  readonly signal: AbortSignal;
}

export function processContext(signal: AbortSignal): Context {
  const { env, stdin, stdout, stderr } = process;
  return { cwd: env.INIT_CWD ?? process.cwd(), env, stdin, stdout, stderr, signal };
}

/** The absolute form of a path that the user typed; `-` (standard input or output) stays as it is. */
export function userPath(context: Context, path: string): string {
  return path === '-' ? path : resolve(context.cwd, path);
}
