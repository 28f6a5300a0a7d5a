/** An object with native memory that belongs to a client. */
export interface Handle {
  /** Frees the memory. Further calls do nothing. */
  destroy(): void;
}

/** The live objects of a client, which are destroyed with it. */
export class Handles {
  readonly #live = new Set<Handle>();

  get size(): number {
    return this.#live.size;
  }

  keep<T extends Handle>(handle: T): T {
    this.#live.add(handle);
    return handle;
  }

  forget(handle: Handle): void {
    this.#live.delete(handle);
  }

  /** Destroys all objects, each of which removes itself. */
  destroy(): void {
    for (const handle of [...this.#live]) handle.destroy();
  }
}
