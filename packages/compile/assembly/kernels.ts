// In-place kernels over the memory in which variables live. Counts are multiples of 8: the caller pads its arrays.

/** One AdamW update of `count` elements; the scalars are those of `adamWUpdate`. */
export function adamW(
  parameter: usize,
  first: usize,
  second: usize,
  gradient: usize,
  count: usize,
  clip: f32,
  stepSize: f32,
  decay: f32,
  secondScale: f32,
  firstKeep: f32,
  secondKeep: f32,
  epsilon: f32,
): void {
  const clips = f32x4.splat(clip);
  const steps = f32x4.splat(stepSize);
  const decays = f32x4.splat(decay);
  const scales = f32x4.splat(secondScale);
  const keeps1 = f32x4.splat(firstKeep);
  const shares1 = f32x4.splat(<f32>1 - firstKeep);
  const keeps2 = f32x4.splat(secondKeep);
  const shares2 = f32x4.splat(<f32>1 - secondKeep);
  const epsilons = f32x4.splat(epsilon);
  const end = count << 2;
  for (let at: usize = 0; at < end; at += 16) {
    const g = f32x4.mul(v128.load(gradient + at), clips);
    const m = f32x4.add(f32x4.mul(v128.load(first + at), keeps1), f32x4.mul(g, shares1));
    const v = f32x4.add(f32x4.mul(v128.load(second + at), keeps2), f32x4.mul(f32x4.mul(g, g), shares2));
    v128.store(first + at, m);
    v128.store(second + at, v);
    const p = v128.load(parameter + at);
    const decayed = f32x4.sub(p, f32x4.mul(p, decays));
    const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(v), scales), epsilons);
    v128.store(parameter + at, f32x4.sub(decayed, f32x4.mul(f32x4.div(m, denominator), steps)));
  }
}

/** murmur3's 32-bit finalizer, in four lanes. */
// @ts-ignore: decorator
@inline function mix(x: v128): v128 {
  x = v128.xor(x, i32x4.shr_u(x, 16));
  x = i32x4.mul(x, i32x4.splat(0x85ebca6b));
  x = v128.xor(x, i32x4.shr_u(x, 13));
  x = i32x4.mul(x, i32x4.splat(0xc2b2ae35));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/**
 * A dropout mask: element i is `scale` where its 16-bit draw is at least `threshold`, else 0. One 32-bit word of the
 * counter i >> 1 gives two draws. `key` is already mixed from seed, step and stream.
 */
export function dropoutMask(output: usize, count: usize, key: i32, threshold: i32, scale: f32): void {
  const keys = i32x4.splat(key);
  const thresholds = i32x4.splat(threshold);
  const low = i32x4.splat(0xffff);
  const scales = f32x4.splat(scale);
  let counter = i32x4(0, 1, 2, 3);
  const four = i32x4.splat(4);
  const end = output + (count << 2);
  for (let at = output; at < end; at += 32) {
    const word = mix(v128.xor(mix(i32x4.add(counter, keys)), keys));
    const even = i32x4.ge_u(v128.and(word, low), thresholds);
    const odd = i32x4.ge_u(i32x4.shr_u(word, 16), thresholds);
    v128.store(at, v128.and(v128.shuffle<i32>(even, odd, 0, 4, 1, 5), scales));
    v128.store(at + 16, v128.and(v128.shuffle<i32>(even, odd, 2, 6, 3, 7), scales));
    counter = i32x4.add(counter, four);
  }
}
