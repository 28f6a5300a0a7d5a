import { setTimeout } from 'node:timers/promises';
import type { Journal, JournalEntry } from './journal.js';

/**
 * Between two syncs as much time passes as the last one took, or this much if that is more. The disk works while the threads
 * do, since what has not been synced when the last rows are written is waited for.
 */
const LEAST_PAUSE_MS = 100;

/** Journals units in the background once their rows are on disk: the journal never says more than the disk holds. */
export class UnitLog {
  private waiting: JournalEntry[] = [];
  private running: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;
  private readonly hurry = new AbortController();

  /** @param syncRows brings all rows written so far onto the disk */
  constructor(
    private readonly journal: Journal,
    private readonly syncRows: () => Promise<void>,
  ) {}

  /**
   * Takes a unit whose rows have been written.
   * @throws what an earlier sync failed with
   */
  add(entry: JournalEntry): void {
    if (this.failure) throw this.failure.error;
    this.waiting.push(entry);
    this.running ??= this.work().catch((error: unknown) => {
      this.failure = { error };
    });
  }

  /** Brings all units that were added onto the disk and into the journal. */
  async close(): Promise<void> {
    this.hurry.abort();
    await this.running;
    if (this.failure) throw this.failure.error;
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0) {
      const start = performance.now();
      const entries = this.waiting;
      this.waiting = [];
      await this.syncRows();
      await this.journal.append(entries);
      const pause = Math.max(LEAST_PAUSE_MS, performance.now() - start);
      // Whoever closes the log does not wait; nor does the pause keep the process alive.
      await setTimeout(pause, undefined, { signal: this.hurry.signal, ref: false }).catch(() => {});
    }
    this.running = undefined;
  }
}
