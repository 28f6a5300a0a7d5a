// Writes one of the streams of draws that masking uses to standard output, as raw 32-bit words without end.
// node interop/random/stream.js selection|replacement|runs|epochs|streams
import { once } from 'node:events';
import { keyWords, selectionWord } from '../../packages/masking/dist/random/counter.js';
import { kernelDraws } from '../../packages/masking/dist/random/kernel.js';

const SEED = 42;
const ROW = 128;
const ROWS = 512;

/**
 * Rows of one unit in one epoch, and all of their positions.
 * @param {number} unit
 * @param {number} epoch
 */
function chunk(unit, epoch) {
  const column = (value) => Int32Array.from({ length: ROWS }, (_, row) => value(row));
  const rows = {
    count: ROWS,
    starts: column((row) => row * ROW),
    lengths: column(() => ROW),
    padding: new Int32Array(ROWS),
    rows: column((row) => row),
    units: column(() => unit),
    lasts: column(() => selectionWord(epoch, 'train')),
  };
  const indices = Int32Array.from({ length: ROWS * ROW }, (_, i) => i);
  return { rows, positions: { count: ROWS * ROW, indices, rowOf: indices.map((i) => Math.floor(i / ROW)) } };
}

/** What is drawn in the order in which masking asks for it; `i` counts units, epochs or stream numbers. */
const streams = {
  selection: (i) => selection(keyWords(SEED), i, 0),
  epochs: (i) => selection(keyWords(SEED), 0, i),
  streams: (i) => selection(keyWords(SEED, i), 0, 0),
  runs(i) {
    const { rows, positions } = chunk(i, 0);
    return kernelDraws(keyWords(SEED)).runs(positions, rows).lengths;
  },
  replacement(i) {
    const { rows, positions } = chunk(i, 0);
    return kernelDraws(keyWords(SEED)).replace(positions, rows, 30_000).kinds;
  },
};

function selection(key, unit, epoch) {
  const { rows } = chunk(unit, epoch);
  const words = new Uint32Array(ROWS * ROW);
  for (let row = 0; row < ROWS; row++) words.set(kernelDraws(key).rank(rows, row), row * ROW);
  return words;
}

const stream = streams[process.argv[2]];
if (!stream) throw new Error(`expected one of ${Object.keys(streams).join(', ')}`);
process.stdout.on('error', () => process.exit(0)); // dieharder has had enough
for (let i = 0; ; i++) {
  const words = Uint32Array.from(stream(i));
  if (!process.stdout.write(new Uint8Array(words.buffer))) await once(process.stdout, 'drain');
}
