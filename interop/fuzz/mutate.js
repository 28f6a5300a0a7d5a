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
