// Reads one file of a documentation package as paragraphs of plain text.
import { gunzipSync } from 'node:zlib';

const ENTITIES = new Map(
  Object.entries({
    amp: '&',
    lt: '<',
    gt: '>',
    quot: '"',
    apos: "'",
    nbsp: ' ',
    mdash: '—',
    ndash: '–',
    hellip: '…',
  }).concat(
    Object.entries({ lsquo: '‘', rsquo: '’', ldquo: '“', rdquo: '”', copy: '©', eacute: 'é', uuml: 'ü' }),
  ),
);

/** @param {string} text */
function decodeEntities(text) {
  return text.replace(/&(?:#x([0-9a-f]{1,5})|#([0-9]{1,6})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name) return ENTITIES.get(name) ?? whole;
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal);
    return code > 0 && code < 0x110000 && (code < 0xd800 || code > 0xdfff) ? String.fromCodePoint(code) : ' ';
  });
}

/** @param {string} html */
function htmlParagraphs(html) {
  const text = html
    .replace(/<!--[\s\S]*?-->|<(script|style|pre|head|nav|svg|math)\b[\s\S]*?<\/\1\s*>/gi, '\n\n')
    .replace(
      /<\/?(p|div|li|ul|ol|dl|dt|dd|h[1-6]|table|tr|td|th|blockquote|section|article|br\s*\/?><br)\b[^>]*>/gi,
      '\n\n',
    )
    .replace(/<[^>]*>/g, '');
  return decodeEntities(text).split(/\n\s*\n/);
}

/** @param {string} text manual source: lines that begin with a dot are requests */
function manualParagraphs(text) {
  return text
    .replace(/^[.'][A-Za-z\\]*[ \t]*$/gm, '')
    .replace(/^[.']\\".*$/gm, '')
    .replace(/^\.(?:SH|SS|TH|TP|PP|IP|P|LP|RS|RE|nf|fi|EX|EE)\b.*$/gm, '\n')
    .replace(/^\.(?:B|I|BR|IR|RB|RI|BI|IB)\s+/gm, '')
    .replace(/\\f[BIRP]|\\-|\\&|\\\(../g, '')
    .split(/\n\s*\n/);
}

/**
 * @param {string} name the file's name, which tells its format
 * @param {Buffer} bytes
 * @returns {string[] | undefined} paragraphs with white space collapsed; undefined for what is no text
 */
export function paragraphsOf(name, bytes) {
  let file = name;
  let content = bytes;
  if (/\.(gz|dz)$/.test(file)) {
    content = gunzipSync(content);
    file = file.replace(/\.(gz|dz)$/, '');
  }
  if (content.subarray(0, 4096).includes(0)) return undefined;
  const text = content.toString('utf8').replace(/\r\n?/g, '\n');
  let paragraphs;
  if (/\.x?html?(\.en)?$/i.test(file) || /^\s*<(!doctype html|html|\?xml)/i.test(text))
    paragraphs = htmlParagraphs(text);
  else if (/\.[1-8](pm|posix)?$/.test(file)) paragraphs = manualParagraphs(text);
  else if (/\.dict$/.test(file)) paragraphs = text.split(/\n(?=\S)|\n\s*\n/);
  else if (
    /\.(txt|rst|pod|md|lisp|text|cfg|po|texi|info(-\d+)?|py|rkt|scrbl)$/i.test(file) ||
    !/\.[a-z0-9]+$/i.test(file)
  )
    paragraphs = text.split(/\n\s*\n/);
  else return undefined;
  return paragraphs.map((paragraph) => paragraph.replace(/\s+/g, ' ').trim());
}
