/**
 * Limits the number of concurrent writes. A file system takes the writes to one file one after another: threads that
 * waited there would from then on all write at the same time, where they could tokenize meanwhile.
 */
export class WriteTurns {
  private readonly waiting: (() => void)[] = [];

  constructor(private free: number) {}

  /** Does it when it is its turn; turns come in the order of the calls. */
  async take(write: () => Promise<void>): Promise<void> {
    if (this.free > 0) this.free--;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      await write();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.free++;
    }
  }
}
