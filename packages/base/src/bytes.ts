import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** Reads a file that comes with a package: a compiled WebAssembly module. Blocks until it is read. */
export function packageBytes(url: URL): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(url));
}

/** Reads such a file into arrays, which take it in the order of its bytes. Blocks until it is read. */
export function readPackageBytes(url: URL, targets: readonly Uint8Array[]): void {
  const file = openSync(url, 'r');
  try {
    for (const target of targets) {
      let done = 0;
      for (let count = -1; count !== 0 && done < target.length; done += count)
        count = readSync(file, target, done, target.length - done, null);
    }
  } finally {
    closeSync(file);
  }
}
