import { join } from 'node:path';
import {
  checkTarget,
  InputError,
  lockOutput,
  mention,
  type OutputLock,
  publish,
  type Replaceable,
  say,
} from '@mlm/base';
import {
  compareJobs,
  type Job,
  Journal,
  type JournalContents,
  type JournalEntry,
  partialContents,
  partialFolder,
  type RunSettings,
  readJournal,
  removePartial,
  type UsedInputs,
} from './journal.js';
import { soundEntries } from './sound.js';
import type { SplitLayout } from './split.js';

/** What may become of an output that exists already, or that an interrupted run has left unfinished. */
export interface DatasetOutputOptions {
  /** Replaces an existing dataset and the remains of an interrupted run. Default: false. */
  overwrite?: boolean;
  /** Files and folders being read: a target that is or contains one of them is refused. Default: none. */
  inputs?: Iterable<string>;
  /**
   * Continues an interrupted run, if there is one; the stream must then begin after the units finished by it ({@link
   * DatasetSink.ready}). Default: false.
   */
  resume?: boolean;
  /** Takes over the output from a process on another machine that seems to be writing it. Default: false. */
  takeOver?: boolean;
  /** Inputs and options of this run, which a resumed run must share. Default: none; the run cannot be resumed. */
  job?: Job;
  /** What a run that resumes this one finds by `settingsOfInterrupted`: plain JSON. Default: nothing. */
  settings?: RunSettings | undefined;
  /** Tells which of the job's `inputs` the units have used; the others may change. Default: none may change. */
  usedInputs?: UsedInputs | undefined;
}

/** The files that an output becomes. */
export interface OutputLayout extends Pick<SplitLayout, 'shardPath'> {
  /** The target and its companion; neither may exist without `overwrite`. */
  targets: { main: string; validation?: string };
  /** The kind of target that may be replaced. */
  replaceable: Replaceable;
  /** What will become the targets, once the rows are complete. */
  prepared: { main: string; validation?: string };
  /** Undoes the preparation of `prepared`, as far as it got. */
  undoPrepare(): Promise<void>;
}

/** Work on an output: the units that are already written, and the journal that records further ones. */
export interface OpenOutput {
  finished: readonly JournalEntry[];
  journal: Journal;
}

/** A dataset's place on disk: who writes it, what an interrupted run left of it, and its move to the target. */
export class DatasetOutput {
  private readonly locks: OutputLock[] = [];
  /** Whether targets may be replaced, by the options of this run or of the one that it resumes. */
  private overwrites: boolean;
  private readonly partial: string;

  constructor(
    private readonly path: string,
    private readonly layout: OutputLayout,
    private readonly options: DatasetOutputOptions,
  ) {
    this.overwrites = options.overwrite === true;
    this.partial = partialFolder(path);
  }

  /**
   * Takes possession of the output, and continues an interrupted run or begins a new one.
   *
   * @returns `undefined` if the resumed run had written everything
   * @throws InputError if another process writes the output, or if it exists and must not be replaced
   */
  async open(): Promise<OpenOutput | undefined> {
    const { resume = false, takeOver = false, job = {}, settings } = this.options;
    for (const target of Object.values(this.layout.targets))
      this.locks.push(await lockOutput(target, { takeOver }));
    const wasFinished = this.locks[0]?.wasFinished === true;
    if (wasFinished) await removePartial(this.path);
    const left = wasFinished ? undefined : await this.readJournal();
    const mayDiffer = left && this.allowsOtherInputs(left.entries) ? ['inputs'] : [];
    if (left && resume) compareJobs(left, { job, settings }, this.partial, mayDiffer);
    if (left?.isPublishing) await this.publish(left.entries.some(({ splits }) => splits.validation));
    if (resume && (wasFinished || left?.isPublishing)) return undefined;
    return resume && left ? this.continue(left) : this.begin(job);
  }

  /** What an interrupted run left; a file that is no journal is in the way of all but a run that overwrites it. */
  private async readJournal(): Promise<JournalContents | undefined> {
    return readJournal(this.partial).catch((error: unknown) => {
      if (this.overwrites && error instanceof InputError) return undefined;
      throw error;
    });
  }

  private async begin(job: Job): Promise<OpenOutput> {
    const { overwrites } = this;
    const { settings } = this.options;
    this.checkTargets();
    if (!overwrites && (await this.readJournal()))
      throw new InputError(
        this.options.job
          ? say`${this.partial} is left from an interrupted run; use ${mention('resume')} or ${mention('overwrite')}`
          : say`${this.partial} is left from an interrupted run; use ${mention('overwrite')}`,
      );
    checkTarget(this.partial, partialContents, { ...this.options, overwrite: true });
    await removePartial(this.path);
    return { finished: [], journal: await Journal.create(this.partial, job, { overwrites, settings }) };
  }

  private async continue(left: JournalContents): Promise<OpenOutput> {
    this.overwrites ||= left.overwrites;
    this.checkTargets();
    await this.layout.undoPrepare();
    const finished = await soundEntries(left.entries, this.layout.shardPath);
    return { finished, journal: await Journal.resume(this.partial, finished.length, this.options.settings) };
  }

  /** Journals of earlier versions do not record the used inputs, so none of these may have changed. */
  private allowsOtherInputs(entries: readonly JournalEntry[]): boolean {
    const { usedInputs } = this.options;
    const last = entries.at(-1);
    if (!usedInputs || !last) return usedInputs !== undefined;
    return last.used !== undefined && usedInputs.allows(last.used);
  }

  /** @throws InputError if the output has changed hands, or a target that must not be replaced has appeared */
  check(): void {
    this.checkTargets();
    for (const lock of this.locks) lock.check();
  }

  private checkTargets(): void {
    for (const target of Object.values(this.layout.targets))
      checkTarget(target, this.layout.replaceable, { ...this.options, overwrite: this.overwrites });
  }

  /** Renames everything to its final name, once it is complete and on disk. */
  async publish(hasValidation: boolean): Promise<void> {
    const { targets, prepared } = this.layout;
    const companions =
      targets.validation === undefined
        ? []
        : [{ from: hasValidation ? prepared.validation : undefined, to: targets.validation }];
    await publish({ from: prepared.main, to: targets.main }, companions, join(this.partial, 'old'));
    for (const lock of this.locks) lock.noteFinished();
    await removePartial(this.path);
  }

  /** Lets others write the output. */
  release(): void {
    for (const lock of this.locks) lock.release();
  }
}
