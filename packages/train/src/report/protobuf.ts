// Fields of protocol buffers: a key, which is `number << 3 | wire type`, then the value.

export function varint(field: number, value: number): Buffer {
  const bytes = [field << 3];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

export function double(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (field << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

export function float(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = (field << 3) | 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

export function lengthDelimited(field: number, data: Buffer): Buffer {
  const length = varint(field, data.length);
  length[0]! |= 2;
  return Buffer.concat([length, data]);
}

export function text(field: number, value: string): Buffer {
  return lengthDelimited(field, Buffer.from(value));
}
