import { readFileSync } from 'node:fs';

/**
 * Whether this machine's CPU multiplies bfloat16 in hardware (AVX512_BF16, AMX or Arm's BF16); undefined if the system
 * does not say.
 *
 * @param file Linux's description of its processors; tests replace it
 *
 * @example
 * ```ts
 * import { hasBfloat16 } from '@mlm/engines';
 *
 * const precision = hasBfloat16() ? 'bf16' : 'fp32';
 * ```
 */
export function hasBfloat16(file = '/proc/cpuinfo'): boolean | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/);
  return flags?.some((flag) => ['avx512_bf16', 'amx_bf16', 'bf16'].includes(flag));
}
