// Damages bytes and JSON. Everything is drawn from a seed, so that a mutant can be made again by its number.

/** mulberry32: whole numbers below a bound. */
export function random(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** The generator of one mutant. */
export function randomOf(seed, format, index) {
  let hash = (seed ^ Math.imul(index, 0x9e3779b1)) >>> 0;
  for (const character of format) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return random(hash);
}

const words = [0, 1, -1, 2, 7, 127, 128, 255, 256, 65535, 1 << 24, 0x7fffffff, -0x80000000, 0x55555555];

/** Bytes with one to four changes. */
export function mutateBytes(bytes, draw, others) {
  let result = Buffer.from(bytes);
  for (let changes = 1 + draw(4); changes > 0 && result.length > 8; changes--) {
    const at = draw(result.length - 4);
    const length = 1 + draw(Math.min(64, result.length - at));
    switch (draw(8)) {
      case 0:
        result[at] ^= 1 << draw(8);
        break;
      case 1:
        result[at] = draw(256);
        break;
      case 2:
        result.writeInt32LE(words[draw(words.length)], at & ~3);
        break;
      case 3:
        result.writeInt32LE((result.readInt32LE(at & ~3) + draw(33) - 16) | 0, at & ~3);
        break;
      case 4:
        result = result.subarray(0, at);
        break;
      case 5:
        result = Buffer.concat([result.subarray(0, at), result.subarray(at + length)]);
        break;
      case 6:
        result = Buffer.concat([result.subarray(0, at + length), result.subarray(at)]);
        break;
      default: {
        const other = others[draw(others.length)];
        const from = draw(other.length);
        result = Buffer.concat([
          result.subarray(0, at),
          other.subarray(from, from + length),
          result.subarray(at),
        ]);
      }
    }
  }
  return result;
}

/** What separates, quotes and escapes in text formats, and bytes that are no UTF-8. */
const marks = [
  '"',
  '""',
  ',',
  ';',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '[',
  ']',
  '{',
  '}',
  ':',
  '\\',
  '\\u',
  '\\ud800',
  '\ufeff',
]
  .concat(['null', 'NaN', '1e', '\0', '#', ' '])
  .map((mark) => Buffer.from(mark))
  .concat([Buffer.from([0xff]), Buffer.from([0xe6, 0x9d])]);

/** Text with one to three marks put in, doubled or taken out, or changed as any bytes are. */
export function mutateText(bytes, draw, others) {
  if (draw(3) === 0) return mutateBytes(bytes, draw, others);
  let result = Buffer.from(bytes);
  for (let changes = 1 + draw(3); changes > 0; changes--) {
    const mark = marks[draw(marks.length)];
    // Mostly beside a mark that is there: that is where the parts of a record meet.
    const found = result.indexOf(marks[draw(marks.length)], draw(result.length + 1));
    const at = found < 0 ? draw(result.length + 1) : found;
    const replaced = draw(3) === 0 ? 0 : mark.length;
    result = Buffer.concat([
      result.subarray(0, at),
      draw(4) === 0 ? Buffer.alloc(0) : mark,
      result.subarray(at + replaced),
    ]);
  }
  return result;
}

/** A safetensors file whose JSON header is changed, and its length with it; or any of its bytes. */
export function mutateSafetensors(bytes, draw, others) {
  if (draw(3) === 0) return mutateBytes(bytes, draw, others);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const header = mutateJson(bytes.subarray(8, end), draw, [bytes.subarray(8, end)]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header, bytes.subarray(end)]);
}

/** JSON lines, one of which is changed, removed, doubled or moved. */
export function mutateJsonLines(bytes, draw, others) {
  if (draw(4) === 0) return mutateBytes(bytes, draw, others);
  const lines = bytes.toString().trimEnd().split('\n');
  const at = draw(lines.length);
  switch (draw(5)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(draw(lines.length), 0, lines[at]);
      break;
    default:
      lines[at] = mutateJson(Buffer.from(lines[at]), draw, [Buffer.from(lines[at])]).toString();
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

const values = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e9,
  2147483647,
  2147483648,
  2 ** 53,
  1e308,
  '',
  'x',
  '../x',
  '\n',
  '\u0000',
  '\ud800',
  'x'.repeat(5000),
  [],
  {},
  [[]],
  [null],
  [0],
  { '': 0 },
  JSON.parse('{"__proto__": {"x": 1}}'),
];
const names = ['', '__proto__', 'constructor', 'toString', 'type', 'model', 'vocab', 'length'];

/** JSON text with one to three of its values replaced, removed, moved or doubled; sometimes no longer JSON. */
export function mutateJson(bytes, draw, others) {
  if (draw(6) === 0) return mutateBytes(bytes, draw, others);
  const root = { value: JSON.parse(bytes.toString()) };
  for (let changes = 1 + draw(3); changes > 0; changes--) {
    const places = [];
    const walk = (parent) => {
      for (const key of Object.keys(parent)) {
        places.push([parent, key]);
        if (typeof parent[key] === 'object' && parent[key] !== null) walk(parent[key]);
      }
    };
    walk(root);
    const [parent, key] = places[draw(places.length)];
    switch (draw(5)) {
      case 0:
        if (Array.isArray(parent)) parent.splice(Number(key), 1);
        else if (parent !== root) delete parent[key];
        break;
      case 1: {
        const [other, name] = places[draw(places.length)];
        // A copy, so that no value contains itself.
        parent[key] = structuredClone(other[name]);
        break;
      }
      case 2:
        if (Array.isArray(parent)) parent.push(structuredClone(parent[key]));
        else
          Object.defineProperty(parent, names[draw(names.length)], {
            value: structuredClone(parent[key]),
            enumerable: true,
            configurable: true,
            writable: true,
          });
        break;
      default:
        parent[key] = structuredClone(values[draw(values.length)]);
    }
  }
  return Buffer.from(JSON.stringify(root.value) ?? '');
}
