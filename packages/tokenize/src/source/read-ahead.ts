import { availableParallelism } from 'node:os';
import { entryPoint } from '@mlm/base/spawn';
import { MessageThread, startThread } from '../worker/message-thread.js';
import { fromRemoteError, toRemoteError } from '../worker/remote-error.js';
import type { Files } from './file-list.js';
import { isStreamed, type PartOptions, type PlacedFile, type PlacedParts, placedFiles } from './parts.js';
import type { ReadingAnswer, ReadingRequest, WantedFile } from './reading-thread.js';
import { freeRoom } from './unit-memory.js';

const THREAD = entryPoint(import.meta.url, './reading-thread.js');

/** Compressed bytes for each thread, which decompresses as much in about the time that it takes to start. */
const THREAD_BYTES = 16 << 20;
/** Compressed bytes of small files that are read one after another without a word in between. */
const RUN_BYTES = 1 << 20;
/** Workers that are kept busy by what one thread decompresses. */
const WORKERS_PER_READER = 4;

/** Which parts of the input are wanted. */
export interface Wanted {
  /**
   * Where in the content of a file the first unit may begin that is wanted. What is before it is read only to count its
   * units, which are numbered over the whole input.
   */
  from(placed: PlacedFile): number;
  /** A place in the input, in bytes on disk: no unit is wanted that begins there or later. */
  end: number;
}

/**
 * Reads compressed files in threads of their own, several at a time. With four workers, one thread reads ahead of them
 * while they tokenize, and another with each further four. What is read only to count its units is read by as many threads
 * as there are workers, which have nothing to do yet. The parts and errors of a file come when it is its turn. A thread
 * has one unit that waits, and makes the next.
 */
export class ReadAhead {
  /** Files for one thread at a time, in order, which no thread has taken. */
  private readonly waiting: Iterator<WantedFile[], undefined>;
  private next: WantedFile[] | undefined;
  /** By the ordinal of its first file: what a thread reads or has read. */
  private readonly runs = new Map<number, Run>();
  /** The files before this one have been given out. */
  private given = 0;
  private readonly threads: ReadingThread[] = [];
  /** Of threads that are ending. */
  private readonly closing: Promise<void>[] = [];
  /** Threads that count units, and threads that read for workers. */
  private readonly limits: { counting: number; wanted: number };

  constructor(
    files: Files,
    private readonly options: PartOptions,
    wanted: Wanted,
    workers = availableParallelism(),
  ) {
    const bytes = { counting: 0, wanted: 0 };
    for (const placed of compressedFiles(files, wanted)) bytes[purposeOf(placed)] += placed.file.size;
    const threads = (most: number, bytes: number) => Math.min(most, Math.floor(bytes / THREAD_BYTES));
    const counting = threads(workers, bytes.counting);
    const reading = threads(Math.floor(workers / WORKERS_PER_READER), bytes.wanted);
    this.limits = { counting: counting > 1 ? counting : 0, wanted: reading };
    this.waiting = runsOf(files, wanted, (placed) => this.limits[purposeOf(placed)] > 0);
    this.next = this.waiting.next().value;
    this.start();
  }

  /** The parts of a file, and of some that follow it and then have none; `undefined` if no thread reads it. */
  partsOf(ordinal: number): AsyncIterable<PlacedParts[]> | Iterable<PlacedParts[]> | undefined {
    if (ordinal < this.given) return [];
    const run = this.runs.get(ordinal);
    if (!run) return undefined;
    this.runs.delete(ordinal);
    this.given = run.end;
    return run.parts();
  }

  /** Ends the threads, whatever they are doing; the files that they read are closed. */
  async close(): Promise<void> {
    this.next = undefined;
    await Promise.all([...this.closing, ...this.threads.map((thread) => thread.close())]);
  }

  /** Has threads take what waits, as far as they may, and ends those for which there is nothing left. */
  private start(): void {
    let idle = this.threads.filter(({ isIdle }) => isIdle);
    while (this.next) {
      const most = this.limits[purposeOf(this.next[0]!)];
      if (this.threads.length - idle.length >= most) break;
      const thread = idle.pop() ?? this.addThread();
      const run = new Run(thread, this.next);
      this.runs.set(this.next[0]!.ordinal, run);
      thread.read(run, this.options);
      this.next = this.waiting.next().value;
    }
    if (this.next && purposeOf(this.next[0]!) === 'counting') idle = [];
    for (const thread of idle) {
      this.threads.splice(this.threads.indexOf(thread), 1);
      this.closing.push(thread.close());
    }
  }

  private addThread(): ReadingThread {
    const thread = new ReadingThread((failed) => {
      if (failed) this.next = undefined;
      this.start();
    });
    this.threads.push(thread);
    return thread;
  }
}

/** The compressed files of this machine up to the end of what is wanted. */
function* compressedFiles(files: Files, wanted: Wanted): Generator<WantedFile> {
  for (const placed of placedFiles(files)) {
    const { file, position } = placed;
    if (position >= wanted.end) return;
    if (file.compression !== 'none' && !file.stored && !isStreamed(file))
      yield { ...placed, wantedFrom: wanted.from(placed) };
  }
}

function purposeOf({ wantedFrom }: WantedFile): 'counting' | 'wanted' {
  return wantedFrom === Number.POSITIVE_INFINITY ? 'counting' : 'wanted';
}

/** Files in order, small ones that follow each other together. */
function* runsOf(
  files: Files,
  wanted: Wanted,
  isRead: (placed: WantedFile) => boolean,
): Generator<WantedFile[], undefined> {
  let run: WantedFile[] = [];
  let bytes = 0;
  for (const placed of compressedFiles(files, wanted)) {
    if (!isRead(placed)) continue;
    const last = run.at(-1);
    bytes += placed.file.size;
    const follows = last?.ordinal === placed.ordinal - 1 && purposeOf(last) === purposeOf(placed);
    if (last && (!follows || bytes > RUN_BYTES)) {
      yield run;
      run = [];
      bytes = placed.file.size;
    }
    run.push(placed);
  }
  if (run.length > 0) yield run;
}

/** Files that a thread reads one after another. */
class Run {
  private readonly answers: ReadingAnswer[] = [];
  private onAnswer = (): void => {};

  constructor(
    private readonly thread: ReadingThread,
    readonly files: WantedFile[],
  ) {}

  /** The ordinal after that of the last file. */
  get end(): number {
    return this.files.at(-1)!.ordinal + 1;
  }

  add(answer: ReadingAnswer): void {
    this.answers.push(answer);
    this.onAnswer();
  }

  async *parts(): AsyncGenerator<PlacedParts[]> {
    for (;;) {
      const answer = await this.take();
      if ('error' in answer) throw fromRemoteError(answer.error);
      if (!('parts' in answer)) return;
      this.thread.goOn();
      yield answer.parts;
    }
  }

  private async take(): Promise<ReadingAnswer> {
    if (this.answers.length === 0)
      await this.thread.until(new Promise((resolve) => (this.onAnswer = resolve)));
    return this.answers.shift()!;
  }
}

/** A thread that reads files, as seen by the thread that plans; the process need not wait for it. */
class ReadingThread {
  private readonly thread: MessageThread<ReadingRequest, ReadingAnswer>;
  private run: Run | undefined;

  /** @param onIdle - called when it has read its files, with whether that failed */
  constructor(private readonly onIdle: (failed: boolean) => void) {
    const take = (answer: ReadingAnswer) => this.take(answer);
    const fail = (error: Error) => this.take({ error: toRemoteError(error) });
    this.thread = new MessageThread(startThread(THREAD), 'reading', take, fail);
    this.thread.holdsProcess(false);
  }

  get isIdle(): boolean {
    return this.run === undefined && !this.thread.ended;
  }

  read(run: Run, options: PartOptions): void {
    this.run = run;
    const { document, textField, splitBy } = options;
    this.thread.send({ files: run.files, options: { document, textField, splitBy } });
  }

  /** Allows the thread to send further parts, since the last have been taken. */
  goOn(): void {
    this.thread.send({ taken: true, room: freeRoom() });
  }

  /** Waits for what the thread does next, and keeps the process from ending meanwhile. */
  async until(event: Promise<void>): Promise<void> {
    this.thread.holdsProcess(true);
    await event;
    this.thread.holdsProcess(false);
  }

  close(): Promise<void> {
    return this.thread.close();
  }

  private take(answer: ReadingAnswer): void {
    const { run } = this;
    if (!run) return;
    const isEnd = !('parts' in answer);
    if (isEnd) this.run = undefined;
    run.add(answer);
    if (isEnd) this.onIdle('error' in answer);
  }
}
