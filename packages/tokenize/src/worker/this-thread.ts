import { setImmediate } from 'node:timers/promises';
import { giveBackMemory, ownColumns } from '@mlm/arrow/columns';
import type { Unit } from '../source/unit.js';
import type { Tokenizer } from '../tokenizer/types.js';
import { type FinishedUnit, selfWriting, type UnitThread } from './finished-unit.js';
import { HELD_UNITS, HeldBatches } from './held-batches.js';
import { type UnitWork, UnitWorker } from './unit-worker.js';
import type { WriteTurns } from './write-turns.js';

/** Runs units in the calling thread, one at a time. */
export class ThisThread implements UnitThread {
  pending = 0;
  private worker: Promise<UnitWorker> | undefined;
  private readonly held: HeldBatches | undefined;

  /** @param turns of the threads, where batches are held by the thread that made them, which writes them */
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly work: UnitWork,
    private readonly turns: WriteTurns | undefined,
  ) {
    if (turns) this.held = new HeldBatches();
  }

  async run(unit: Unit): Promise<FinishedUnit> {
    const { held, turns } = this;
    this.pending++;
    try {
      // What other threads have sent, and what is to be sent to them, comes first.
      await setImmediate();
      this.worker ??= UnitWorker.create(this.work, () => this.tokenizer.encoder(), held && HELD_UNITS);
      const worker = await this.worker;
      const { batches, skipped } = await worker.run(unit, () => held?.room());
      if (!held || !turns) return { batches: batches.map(ownColumns), skipped, giveBack: giveBackMemory };
      const encoded = held.encode(unit.number, batches);
      const writing = selfWriting(unit.number, encoded, turns, (to) => held.write(to));
      return { batches: writing, skipped, giveBack: giveBackMemory };
    } finally {
      this.pending--;
    }
  }

  async close(): Promise<void> {}
}
