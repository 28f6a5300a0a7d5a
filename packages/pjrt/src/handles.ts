/** Something of a client's that native memory stands behind. */
export interface Handle {
  /** Frees it; a second call does nothing. */
  destroy(): void;
}

/** What was made from a client and is not destroyed yet: it ends with the client. */
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

  /** Destroys each; a handle forgets itself as it goes. */
  destroy(): void {
    for (const handle of [...this.#live]) handle.destroy();
  }
}
