import { type Content, type Format, markLength } from './format.js';

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Plain UTF-8; an option says where a document ends. */
const plainText: Content = {
  name: 'text',
  cut: 'between words',
  isRecords: false,
  isRaw: true,
  plainLineEnds,
  decode(bytes, { isStart }) {
    plainLineEnds(bytes);
    const mark = isStart ? markLength(bytes) : 0;
    return { text: bytes.subarray(mark), rangeOffset: (offset) => offset + mark };
  },
};

/** Plain text. */
export const text: Format = { name: 'text', extensions: ['txt', 'text'], content: plainText };

/**
 * A line ends at CR LF, at LF, or at a lone CR, which becomes a line feed, as in Python's text mode and hence in the
 * text loader of Hugging Face datasets.
 */
function plainLineEnds(bytes: Uint8Array): void {
  const first = bytes.indexOf(CARRIAGE_RETURN);
  if (first < 0) return;
  for (let i = first, last = bytes.length - 1; i < last; i++)
    if (bytes[i] === CARRIAGE_RETURN && bytes[i + 1] !== LINE_FEED) bytes[i] = LINE_FEED;
}
