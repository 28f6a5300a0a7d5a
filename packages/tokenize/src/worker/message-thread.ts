import { type TransferListItem, Worker } from 'node:worker_threads';

/** What a thread says once it has set itself up. */
export interface Started {
  started: true;
}

/** Whether the program is not in a file (`node -e`) but of a type that was named, which threads would take over. */
const isGivenAsText = process.execArgv.some((option) => option.startsWith('--input-type'));

/**
 * Starts a thread.
 * @param launcher - what the thread runs instead of the module, whose URL it finds as `workerData`. Default: none
 */
export function startThread(module: URL, launcher?: URL): Worker {
  const options = isGivenAsText ? { execArgv: [] } : {};
  return launcher
    ? new Worker(launcher, { ...options, workerData: module.href })
    : new Worker(module, options);
}

/** A thread that answers messages, as seen by the one that started it. */
export class MessageThread<Request, Answer extends object> {
  /** Resolves once the thread has set itself up, or has ended. */
  readonly started: Promise<void>;
  private isStarting = true;
  private onStarted = (): void => {};
  private failure: Error | undefined;

  /**
   * @param name - what messages call it: `worker`
   * @param take - called with each answer
   * @param fail - called once, when the thread has ended
   */
  constructor(
    private readonly worker: Worker,
    name: string,
    take: (answer: Answer) => void,
    private readonly fail: (error: Error) => void,
  ) {
    this.started = new Promise<void>((resolve) => (this.onStarted = resolve)).then(() => {
      this.isStarting = false;
    });
    this.worker.on('message', (answer: Answer | Started) => {
      if ('started' in answer) this.onStarted();
      else take(answer);
    });
    let cause: Error | undefined;
    this.worker.on('error', (error) => {
      cause = error;
    });
    // Only now has what it had begun to write ended, so that the file can be closed.
    this.worker.on('exit', (code) =>
      this.end(cause ?? new Error(`a ${name} thread ended (exit code ${code})`)),
    );
  }

  /** Why the thread has ended; `undefined` if it has not. */
  get ended(): Error | undefined {
    return this.failure;
  }

  send(request: Request, transfer: TransferListItem[] = []): void {
    this.worker.postMessage(request, transfer);
  }

  /** Whether the process goes on as long as the thread does. Default: it does. */
  holdsProcess(isHeld: boolean): void {
    if (isHeld) this.worker.ref();
    else this.worker.unref();
  }

  /** From now on, nothing is expected of the thread. */
  end(error: Error): void {
    if (this.failure) return;
    this.failure = error;
    this.fail(error);
    this.onStarted();
  }

  /** Ends the thread, or has it end once it has started: Node would leave the files open that it is loading. */
  async close(): Promise<void> {
    const ended = this.started.then(() => this.worker.terminate());
    if (this.isStarting) this.worker.unref();
    else await ended;
  }
}
