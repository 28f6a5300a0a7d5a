/** The parts of the process that a command uses. */
export interface Context {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborts on the first Ctrl-C or SIGTERM; the command then stops cleanly and leaves nothing half-written. */
  readonly signal: AbortSignal;
}

export function processContext(signal: AbortSignal): Context {
  const { env, stdin, stdout, stderr } = process;
  return { env, stdin, stdout, stderr, signal };
}
