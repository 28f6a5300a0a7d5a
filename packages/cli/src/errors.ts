import { InputError, OptionError } from '@mlm/base/errors';
import { CommanderError } from 'commander';
import { spell } from './options/flags.js';

/** Wrong usage that only a command can detect; commander detects the rest. One line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** How a run ended: the exit code, and the line for standard error unless it is already printed. */
export interface Outcome {
  exitCode: number;
  message?: string;
}

/** All exit codes. */
export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130, terminated: 143 } as const;

/** Their meanings, for the help. */
export const exitCodeMeanings: Record<keyof typeof exitCodes, string> = {
  success: 'done',
  failure: 'an error in input or machine',
  usage: 'wrong usage',
  interrupted: 'Ctrl-C',
  terminated: 'SIGTERM',
};

/** Turns any error of a command into an exit code and one line that says what to do. */
export function outcomeOf(error: unknown): Outcome {
  if (error instanceof CommanderError) {
    // Commander has printed its own message; help and version are not errors.
    return { exitCode: error.exitCode === 0 ? exitCodes.success : exitCodes.usage };
  }
  if (error instanceof UsageError) return { exitCode: exitCodes.usage, message: error.message };
  // Errors of streams that failed together: the first tells enough.
  if (error instanceof AggregateError && error.errors.length > 0) return outcomeOf(error.errors[0]);
  if (!(error instanceof Error)) return { exitCode: exitCodes.failure, message: String(error) };
  if (error instanceof InputError) {
    const exitCode = error instanceof OptionError ? exitCodes.usage : exitCodes.failure;
    return { exitCode, message: spell(error.parts) };
  }
  const known = systemErrorMessage(error);
  if (known !== undefined) return { exitCode: exitCodes.failure, message: known };
  const firstLine = error.message.split('\n', 1)[0] ?? '';
  return {
    exitCode: exitCodes.failure,
    message: `unexpected ${error.name}: ${firstLine} (run again with --debug for the stack trace)`,
  };
}

/**
 * How a run ended that a signal had interrupted: with the signal's exit code, and silently unless something else went
 * wrong that a user must know of, such as a full disk when the last checkpoint was saved.
 */
export function interruptedOutcome(error: unknown, exitCode: number): Outcome {
  if (error instanceof AggregateError && error.errors.length > 0)
    return interruptedOutcome(error.errors[0], exitCode);
  const isKnown = error instanceof InputError || (error instanceof Error && systemErrorMessage(error));
  return isKnown ? { ...outcomeOf(error), exitCode } : { exitCode };
}

const systemErrors: Record<string, string> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up; free some space or choose another place',
  EFBIG: 'the file would grow beyond the size that this system allows (see `ulimit -f`)',
  EIO: 'the disk or the network behind it reports an error; check it',
  EISDIR: 'is a folder, expected a file',
  ELOOP: 'a symbolic link leads back to itself',
  EMFILE: 'too many files are open; raise the limit with `ulimit -n`',
  ENOENT: 'no such file or folder',
  ENOSPC: 'no space is left on the disk; free some or choose another place',
  ENOTDIR: 'a part of the path is a file, not a folder',
  EPERM: 'the operation is not permitted',
  EROFS: 'the file system is read-only',
};

function systemErrorMessage(error: NodeJS.ErrnoException): string | undefined {
  const meaning = systemErrors[error.code ?? ''];
  if (meaning === undefined) return undefined;
  return error.path === undefined ? `${meaning} (${error.code})` : `${error.path}: ${meaning}`;
}
