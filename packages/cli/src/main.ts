import { writeSync } from 'node:fs';
import { processContext } from './context.js';
import { exitCodes, type Outcome, outcomeOf } from './errors.js';
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
  // Warnings of dependencies (deprecations, experimental features) are for us, not for the user.
  const showWarnings = process.listeners('warning');
  process.removeAllListeners('warning');
  let debug = false;
  const startDebugging = () => {
    if (debug) return;
    debug = true;
    for (const show of showWarnings) process.on('warning', show);
    // Engines then tell where operations ran.
    process.env.MLM_DEBUG = '1';
  };
  // Errors before a command runs are reported in full, too.
  if (args.includes('--debug')) startDebugging();
  process.stdout.on('error', endOnOutputError);
  process.stderr.on('error', endOnOutputError);

  // pnpm and npm run scripts elsewhere: paths are meant from where the user stands.
  if (process.env.INIT_CWD !== undefined) process.chdir(process.env.INIT_CWD);

  const interrupt = listenForInterrupt(process.stderr);
  const context = processContext(interrupt.signal);
  let outcome: Outcome = { exitCode: exitCodes.success };
  try {
    const program = createProgram(context).hook('preAction', (_, command) => {
      // A file of options may ask for it, too.
      if (command.getOptionValue('debug') === true) startDebugging();
    });
    await program.parseAsync(helpOrArguments(program, args), { from: 'user' });
  } catch (error) {
    if (isClosedPipe(error)) process.exit(exitCodes.success);
    if (interrupt.exitCode() === undefined) {
      outcome = outcomeOf(error);
      if (debug && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
    } else if (debug && error instanceof Error && error.name !== 'AbortError') {
      process.stderr.write(`${error.stack ?? ''}\n`);
    }
  }
  if (outcome.message !== undefined) process.stderr.write(`mlm: ${outcome.message}\n`);
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // Worker threads or native sessions that are still winding down must not keep the shell waiting.
  process.exit(interrupt.exitCode() ?? outcome.exitCode);
}

/**
 * `mlm … | head`: the reader has seen enough, which is no error. What cannot be written for another reason (a full disk
 * behind `>`) ends the run with one line.
 */
function endOnOutputError(error: NodeJS.ErrnoException): void {
  if (isClosedPipe(error)) process.exit(exitCodes.success);
  const { exitCode, message } = outcomeOf(error);
  try {
    writeSync(2, `mlm: standard output: ${message}\n`);
  } catch {
    // Standard error is full as well: the exit code has to say it.
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
