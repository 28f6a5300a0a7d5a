// What an encoder asks of its host, src/encoder/native.ts.

/** Takes the ids written so far, since there is no room for more; from now on they are counted from 0 again. */
@external('host', 'spill')
export declare function spill(): void;

/** Encodes a document that is no well-formed UTF-8, of bytes [start, end); returns how many ids it has. */
@external('host', 'encodeIllFormed')
export declare function encodeIllFormed(start: usize, end: usize): u32;

/** Fills the 256 entries of a page of code points: see normalize.ts. */
@external('host', 'fillPage')
export declare function fillPage(page: u32): void;

/** Normalizes the bytes [start, end) by themselves; writes the outcome at `out` and returns its length. */
@external('host', 'normalizeCluster')
export declare function normalizeCluster(start: usize, end: usize, out: usize): usize;

/** Whether a word cannot end beside a character. */
@external('host', 'isWordCharacter')
export declare function isWordCharacter(codePoint: u32): bool;

/** Throws if a word of bytes [start, end) is longer than the model takes. */
@external('host', 'checkLength')
export declare function checkLength(start: usize, end: usize): void;
