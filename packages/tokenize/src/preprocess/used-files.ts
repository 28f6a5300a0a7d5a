import { createHash } from 'node:crypto';
import type { InputsUsed, UsedInputs } from '@mlm/arrow/sink';
import type { FileList } from '../source/file-list.js';
import type { Unit } from '../source/unit.js';
import { addIdentities } from './job.js';

/**
 * Tracks which files the units have used. Files are used in order, so a resumed run needs only the first ones
 * unchanged.
 */
export class UsedFiles implements UsedInputs {
  /** Ends of the units in progress. */
  private readonly ends = new Map<number, Omit<InputsUsed, 'digest'>>();
  private hash = createHash('sha256');
  /** Files in the hash. */
  private hashed = 0;

  constructor(private readonly files: FileList) {}

  /** Records where a unit ends. */
  note({ number, parts }: Unit): void {
    const last = parts.at(-1);
    if (last) this.ends.set(number, { files: last.file + 1, end: last.end });
  }

  after(unit: number): InputsUsed | undefined {
    const end = this.ends.get(unit);
    for (const number of this.ends.keys()) if (number <= unit) this.ends.delete(number);
    return end && { ...end, digest: this.digestOf(end.files) };
  }

  allows({ files, digest }: InputsUsed): boolean {
    return files <= this.files.length && this.digestOf(files) === digest;
  }

  private digestOf(count: number): string {
    if (count < this.hashed) {
      this.hash = createHash('sha256');
      this.hashed = 0;
    }
    addIdentities(this.hash, this.files, this.hashed, count);
    this.hashed = count;
    return this.hash.copy().digest('hex');
  }
}
