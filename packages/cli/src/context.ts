/** What a command needs to know of the process that runs it. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborted by the first Ctrl-C (or SIGTERM); a command then stops cleanly and leaves nothing half-written. */
  readonly signal: AbortSignal;
}

export function processContext(signal: AbortSignal): Context {
  const { env, stdin, stdout, stderr } = process;
  return { env, stdin, stdout, stderr, signal };
}
