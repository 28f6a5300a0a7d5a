import { exitCodes } from './errors.js';

/**
 * pnpm and npm forward a Ctrl-C that the terminal has already sent to the whole group, so one press gives two signals.
 */
const samePressMilliseconds = 300;

/** Stops a command cleanly on the first Ctrl-C or SIGTERM, and at once on the second. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** The exit code for the signal received; undefined if there was none. */
  exitCode(): number | undefined;
}

export function listenForInterrupt(stderr: NodeJS.WritableStream): Interrupt {
  const controller = new AbortController();
  let code: number | undefined;
  let firstAt = 0;
  const onSignal = (signalCode: number, again: string) => () => {
    if (code === undefined) {
      code = signalCode;
      firstAt = performance.now();
      stderr.write(`\nmlm: stopping cleanly; ${again} stops at once\n`);
      controller.abort(new DOMException('The run was interrupted.', 'AbortError'));
    } else if (performance.now() - firstAt > samePressMilliseconds) {
      process.exit(code);
    }
  };
  process.on('SIGINT', onSignal(exitCodes.interrupted, 'Ctrl-C again'));
  process.on('SIGTERM', onSignal(exitCodes.terminated, 'a second signal'));
  return { signal: controller.signal, exitCode: () => code };
}
