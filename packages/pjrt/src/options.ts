const utf8 = new TextEncoder();

/** The value of a flag or an option. */
export type OptionValue = string | boolean | number;

/** How XLA compiles a program. */
export interface CompileOptions {
  /** Number of devices that run the program together, each on its own arguments. Default: 1. */
  readonly replicas?: number | undefined;
  /** XLA's flags by name, without dashes, as `XLA_FLAGS` takes them: `{ xla_gpu_autotune_level: 0 }`. */
  readonly flags?: Readonly<Record<string, OptionValue>> | undefined;
}

/**
 * Encodes XLA's CompileOptionsProto (xla/pjrt/proto/compile_options.proto). Field 3 holds the build options, with
 * num_replicas in field 4 and num_partitions in 5; field 7 is the map of flags.
 */
export function encodeCompileOptions({ replicas = 1, flags = {} }: CompileOptions = {}): Uint8Array {
  const build = [...tag(4, VARINT), ...varint(replicas), ...tag(5, VARINT), ...varint(1)];
  const overrides = Object.entries(flags).flatMap(([name, value]) =>
    bytes(7, [...bytes(1, utf8.encode(name)), ...bytes(2, override(value))]),
  );
  return Uint8Array.from([...bytes(3, build), ...overrides]);
}

/** Encodes an OptionOverrideProto: a string in field 1, a bool in 2, an int64 in 3, or a double in 4. */
function override(value: OptionValue): number[] {
  if (typeof value === 'string') return bytes(1, utf8.encode(value));
  if (typeof value === 'boolean') return [...tag(2, VARINT), value ? 1 : 0];
  if (Number.isInteger(value)) return [...tag(3, VARINT), ...varint(value)];
  return [...tag(4, FIXED64), ...new Uint8Array(Float64Array.of(value).buffer)];
}

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

const tag = (field: number, type: number) => varint((field << 3) | type);

const bytes = (field: number, content: Iterable<number>): number[] => {
  const list = [...content];
  return [...tag(field, BYTES), ...varint(list.length), ...list];
};

/** Encodes a number in groups of 7 bits, lowest first, and negative numbers as their 64-bit complement. */
function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const list: number[] = [];
  for (; rest > 127n; rest >>= 7n) list.push(Number(rest & 127n) | 128);
  return [...list, Number(rest)];
}

/** The 8-byte slots of a PJRT_NamedValue: size, extensions, name and its length, type, value and its length. */
const NAMED_VALUE_SLOTS = 7;

/**
 * Encodes options as an array of PJRT_NamedValue structs.
 *
 * @returns the structs, and the texts that they point to, which must live as long
 */
export function encodeNamedValues(
  options: Readonly<Record<string, OptionValue>>,
  addressOf: (array: NodeJS.TypedArray) => bigint,
): { values: BigUint64Array; count: number; texts: Uint8Array[] } {
  const entries = Object.entries(options);
  const values = new BigUint64Array(Math.max(1, entries.length * NAMED_VALUE_SLOTS));
  const texts: Uint8Array[] = [];
  const keep = (text: string): [bigint, bigint] => {
    const encoded = utf8.encode(text);
    // An empty array has no address.
    const stored = encoded.length > 0 ? encoded : new Uint8Array(1);
    texts.push(stored);
    return [addressOf(stored), BigInt(encoded.length)];
  };
  entries.forEach(([name, value], i) => {
    const [type, content, size] =
      typeof value === 'string'
        ? [0n, ...keep(value)]
        : [typeof value === 'boolean' ? 4n : 1n, BigInt.asUintN(64, BigInt(value)), 1n];
    const struct = [BigInt(NAMED_VALUE_SLOTS * 8), 0n, ...keep(name), type, content, size];
    values.set(struct as bigint[], i * NAMED_VALUE_SLOTS);
  });
  return { values, count: entries.length, texts };
}
