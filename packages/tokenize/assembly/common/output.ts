// Where the ids of a text go.
import { spill } from './host';

/** The ids of the text that the host has not taken yet, and the address after them. */
export let ids: usize = 0;
export let out: usize = 0;
/** Behind this address there is no room for the ids of a word from the cache. */
let full: usize = 0;
/** Ids that the host has taken, or put in itself. */
export let taken: u32 = 0;

export function beginOutput(at: usize, bytes: usize): void {
  ids = out = at;
  full = at + bytes - 64;
  taken = 0;
}

/** How many ids the text has so far. */
@inline export function total(): u32 {
  return taken + <u32>((out - ids) >> 2);
}

@inline export function setOut(to: usize): void {
  out = to;
}

/** Before a word from the cache, whose ids are written beyond its end. */
@inline export function makeRoom(): void {
  if (out >= full) flush();
}

/** Gives what there is to the host. */
export function flush(): void {
  spill();
  taken += <u32>((out - ids) >> 2);
  out = ids;
}

export function addTaken(count: u32): void {
  taken += count;
}

/** Writes ids that lie elsewhere, however many; returns `out`. */
export function write(from: usize, count: u32): usize {
  let at = from;
  let left = <usize>count << 2;
  while (left > 0) {
    makeRoom();
    const part = min(left, full - out);
    memory.copy(out, at, part);
    out += part;
    at += part;
    left -= part;
  }
  return out;
}

@inline export function writeId(id: i32): void {
  makeRoom();
  store<i32>(out, id);
  out += 4;
}
