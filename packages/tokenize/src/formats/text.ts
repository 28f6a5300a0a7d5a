import type { Content, Format } from './format.js';

/** UTF-8 as people write it; an option says where a document ends. */
const plainText: Content = {
  name: 'text',
  cut: 'between words',
  isRecords: false,
  decode: (bytes) => ({ text: bytes, rangeOffset: (offset) => offset }),
};

/** Plain text. */
export const text: Format = { name: 'text', extensions: ['txt', 'text'], content: plainText };
