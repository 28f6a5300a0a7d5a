import { exitCodes } from './errors.js';

/**
 * One press can give two signals: pnpm and npm forward the Ctrl-C that the terminal has already sent to the whole
 * group, a while later on a busy machine. A second press after less than this is taken for the first one.
 */
const samePressMilliseconds = 1000;

/** Stops a command cleanly on the first Ctrl-C or SIGTERM, and at once on the second. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code for the signal received; undefined if there was none. */
  exitCode(): number | undefined;
}

export function listenForInterrupt(stderr: NodeJS.WritableStream): Interrupt {
  const controller = new AbortController();
  let code: number | undefined;
  let isSamePress = true;
  const onSignal = (signalCode: number, again: string) => () => {
    if (code !== undefined) {
      if (!isSamePress) process.exit(code);
      return;
    }
    code = signalCode;
    stderr.write(`\nmlm: stopping cleanly; ${again} stops at once\n`);
    controller.abort(new DOMException('The run was interrupted.', 'AbortError'));
    // Signals wait while the main thread works, and a timer that is due runs before them; an immediate runs after them.
    setTimeout(() => setImmediate(() => (isSamePress = false)), samePressMilliseconds).unref();
  };
  process.on('SIGINT', onSignal(exitCodes.interrupted, 'Ctrl-C again'));
  process.on('SIGTERM', onSignal(exitCodes.terminated, 'a second signal'));
  return { signal: controller.signal, exitCode: () => code };
}
