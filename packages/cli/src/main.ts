import { writeSync } from 'node:fs';
import { processContext } from './context.js';
import { exitCodes, interruptedOutcome, type Outcome, outcomeOf } from './errors.js';
import { listenForInterrupt } from './interrupt.js';
import { createProgram, helpOrArguments } from './program.js';

/**
 * Runs `mlm` with the arguments after its name and ends the process: 0 done, 1 an error in the input or the machine,
 * 2 wrong usage, 130 Ctrl-C, 143 SIGTERM.
 *
 * @example
 * ```ts
 * import { main } from '@mlm/cli';
 *
 * await main(['preprocess', 'corpus/', '--output', 'out.arrow']);
 * ```
 */
export async function main(args: string[]): Promise<void> {
  // Dependencies' warnings (deprecations, experimental features) are for developers, not for users.
  const showWarnings = process.listeners('warning');
  process.removeAllListeners('warning');
  let debug = false;
  const startDebugging = () => {
    if (debug) return;
    debug = true;
    for (const show of showWarnings) process.on('warning', show);
    // Makes engines log where operations run.
    process.env.MLM_DEBUG = '1';
  };
  // Debugging starts now, so that errors before a command runs are shown in full too.
  if (args.includes('--debug')) startDebugging();
  process.stdout.on('error', endOnOutputError);
  process.stderr.on('error', endOnOutputError);

  // pnpm and npm run scripts in the package's folder, but paths are relative to the user's.
  if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);

  const interrupt = listenForInterrupt(process.stderr);
  const context = processContext(interrupt.signal);
  let outcome: Outcome = { exitCode: exitCodes.success };
  try {
    const program = createProgram(context).hook('preAction', (_, command) => {
      // A configuration file may set it too.
      if (command.getOptionValue('debug') === true) startDebugging();
    });
    await program.parseAsync(helpOrArguments(program, args), { from: 'user' });
  } catch (error) {
    if (isClosedPipe(error)) process.exit(exitCodes.success);
    const signalCode = interrupt.exitCode();
    outcome = signalCode === undefined ? outcomeOf(error) : interruptedOutcome(error, signalCode);
    if (debug && error instanceof Error && error.name !== 'AbortError')
      process.stderr.write(`${error.stack ?? ''}\n`);
  }
  if (outcome.message !== undefined) process.stderr.write(`mlm: ${outcome.message}\n`);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Do not wait for worker threads and native sessions that are still shutting down.
  process.exit(interrupt.exitCode() ?? outcome.exitCode);
}

/**
 * A closed pipe (`mlm … | head`) is not an error. Any other failure to write, such as a full disk behind `>`, ends the
 * run with one line.
 */
function endOnOutputError(error: NodeJS.ErrnoException): void {
  if (isClosedPipe(error)) process.exit(exitCodes.success);
  const { exitCode, message } = outcomeOf(error);
  try {
    writeSync(2, `mlm: standard output: ${message}\n`);
  } catch {
    // Standard error cannot be written either; the exit code must do.
  }
  process.exit(exitCode);
}

function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
