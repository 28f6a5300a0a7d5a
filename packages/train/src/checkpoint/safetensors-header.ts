import { elementCount } from '@mlm/base/shape';

/**
 * The bytes before the values of a safetensors file (https://huggingface.co/docs/safetensors): the header's length and
 * the header, which gives each float32 tensor's offsets. The values follow in the same order, little-endian.
 *
 * @param tensors names and shapes in the order of their values
 */
export function safetensorsHeader(
  tensors: Iterable<readonly [name: string, shape: readonly number[]]>,
  metadata: Record<string, string> = { format: 'pt' },
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, shape] of tensors) {
    const end = offset + 4 * elementCount(shape);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  // The data begins at a multiple of 8 bytes; spaces pad the header.
  const length = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(json, 8);
  return bytes;
}
