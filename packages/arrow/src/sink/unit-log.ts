import { setTimeout } from 'node:timers/promises';
import type { Journal, JournalEntry } from './journal.js';

/**
 * The shortest pause between two syncs; after a long one, the pause is as long as the sync. Syncing often keeps the
 * disk working beside the threads, so that little is left to wait for at the end.
 */
const LEAST_PAUSE_MS = 100;

/** Records units in the journal, in the background, once their rows are on disk. */
export class UnitLog {
  private waiting: JournalEntry[] = [];
  private running: Promise<void> | undefined;
  private failure: { error: unknown } | undefined;
  private isHeld = false;
  private readonly hurry = new AbortController();

  /** @param syncRows syncs all rows written so far to disk */
  constructor(
    private readonly journal: Journal,
    private readonly syncRows: () => Promise<void>,
  ) {}

  /**
   * Adds a unit whose rows have been written.
   * @throws the error of an earlier sync
   */
  add(entry: JournalEntry): void {
    if (this.failure) throw this.failure.error;
    this.waiting.push(entry);
    this.start();
  }

  /** Syncs all added units and records them in the journal. */
  async close(): Promise<void> {
    this.isHeld = false;
    this.hurry.abort();
    this.start();
    await this.running;
    if (this.failure) throw this.failure.error;
  }

  /**
   * Begins no further sync and waits for the one under way.
   * @returns the units that are not recorded yet; `close` would record them
   */
  async hold(): Promise<readonly JournalEntry[]> {
    this.isHeld = true;
    this.hurry.abort();
    await this.running;
    if (this.failure) throw this.failure.error;
    return this.waiting;
  }

  private start(): void {
    if (this.isHeld || this.waiting.length === 0) return;
    this.running ??= this.work().catch((error: unknown) => {
      this.failure = { error };
    });
  }

  private async work(): Promise<void> {
    while (this.waiting.length > 0 && !this.isHeld) {
      const start = performance.now();
      const entries = this.waiting;
      this.waiting = [];
      await this.syncRows();
      await this.journal.append(entries);
      const pause = Math.max(LEAST_PAUSE_MS, performance.now() - start);
      // Closing the log ends the pause, and the pause does not keep the process alive.
      await setTimeout(pause, undefined, { signal: this.hurry.signal, ref: false }).catch(() => {});
    }
    this.running = undefined;
  }
}
