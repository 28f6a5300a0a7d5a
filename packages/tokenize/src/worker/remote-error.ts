import { InputError, type MessageParts } from '@mlm/base/errors';

/** An error as it passes between threads: an InputError keeps the parts of its message, a system error its code. */
export interface RemoteError {
  message: string;
  stack: string | undefined;
  code: string | undefined;
  parts: MessageParts | undefined;
}

/** An error of this thread, to be sent to another one. */
export function toRemoteError(error: Error): RemoteError {
  const { message, stack } = error;
  const parts = error instanceof InputError ? error.parts : undefined;
  return { message, stack, code: (error as NodeJS.ErrnoException).code, parts };
}

/** The error that another thread has sent. */
export function fromRemoteError({ message, stack, code, parts }: RemoteError): Error {
  if (parts) return new InputError(parts);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return code === undefined ? error : Object.assign(error, { code });
}
