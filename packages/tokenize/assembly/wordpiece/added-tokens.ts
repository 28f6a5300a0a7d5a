// Tokens such as [MASK] that are recognised in the text itself. Where one stands, its bytes are overwritten with spaces, so
// that nothing else sees it, and its id is kept for when the encoder comes by.
import { allocate, TOKEN_STARTS } from './memory';

/** Tokens, the longest first: id, length, bytes. */
let list: usize = 0;
let listEnd: usize = 0;
let added: usize = 0;
/** 8 bytes a token found: where it begins, its entry in the list. */
let found: usize = 0;
let foundCount: u32 = 0;
let scanned: usize = 0;

/** @param bytes of all tokens together */
export function setUpAddedTokens(count: u32, bytes: usize): void {
  list = added = allocate(bytes + <usize>count * 8 + 8);
  listEnd = list + bytes + <usize>count * 8;
}

/** The longer must come before the shorter. */
export function addAddedToken(start: usize, end: usize, id: i32): void {
  store<i32>(added, id);
  store<u32>(added, <u32>(end - start), 4);
  memory.copy(added + 8, start, end - start);
  added += 8 + (end - start);
  const first = load<u8>(start);
  const starts: usize = load<u8>(TOKEN_STARTS);
  for (let i: usize = 1; i <= starts; i++) if (load<u8>(TOKEN_STARTS + i) == first) return;
  store<u8>(TOKEN_STARTS + starts + 1, first);
  store<u8>(TOKEN_STARTS, <u32>starts + 1);
}

/** @param region 8 bytes for each token that the text may hold */
export function beginTokens(region: usize): void {
  found = region;
  foundCount = 0;
  scanned = 0;
}

/** Looks for the tokens that begin before byte `to`, from where it stopped the last time. */
export function findTokens(text: usize, to: usize): void {
  const starts: usize = load<u8>(TOKEN_STARTS);
  let at = scanned;
  const first = i8x16.splat(load<u8>(TOKEN_STARTS + 1));
  while (at < to) {
    if (starts == 1) {
      // As all tokens begin alike, which is usual, most of the text is passed over quickly.
      while (at < to) {
        const a = v128.or(i8x16.eq(v128.load(text + at), first), i8x16.eq(v128.load(text + at, 16), first));
        const b = v128.or(i8x16.eq(v128.load(text + at, 32), first), i8x16.eq(v128.load(text + at, 48), first));
        if (v128.any_true(v128.or(a, b))) break;
        at += 64;
      }
      if (at >= to) break;
    }
    const v = v128.load(text + at);
    let hits = 0;
    for (let i: usize = 1; i <= starts; i++) hits |= i8x16.bitmask(i8x16.eq(v, i8x16.splat(load<u8>(TOKEN_STARTS + i))));
    let next = at + 16;
    while (hits != 0) {
      const p = at + <usize>ctz<i32>(hits);
      hits &= hits - 1;
      const token = tokenAt(text + p);
      if (token == 0) continue;
      const length = <usize>load<u32>(token, 4);
      store<u32>(found + (<usize>foundCount << 3), <u32>p);
      store<u32>(found + (<usize>foundCount << 3), <u32>token, 4);
      foundCount++;
      memory.fill(text + p, 0x20, length);
      next = p + length;
      break;
    }
    at = next;
  }
  scanned = at;
}

function tokenAt(p: usize): usize {
  for (let token = list; token < listEnd; token += 8 + <usize>load<u32>(token, 4)) {
    if (memory.compare(token + 8, p, <usize>load<u32>(token, 4)) == 0) return token;
  }
  return 0;
}

@inline export function tokensFound(): u32 {
  return foundCount;
}

@inline export function tokenStart(index: u32): usize {
  return <usize>load<u32>(found + (<usize>index << 3));
}

@inline export function tokenEnd(index: u32): usize {
  return tokenStart(index) + <usize>load<u32>(<usize>load<u32>(found + (<usize>index << 3), 4), 4);
}

@inline export function tokenId(index: u32): i32 {
  return load<i32>(<usize>load<u32>(found + (<usize>index << 3), 4));
}
