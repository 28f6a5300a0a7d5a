/** How deep values may be inside one another: as deep as serde_json reads them, and Rust tokenizers with it. */
const DEEPEST = 128;

const [QUOTE, BACKSLASH, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/**
 * Parses the JSON of a file that anybody may have written. Millions of lists inside one another take V8 seconds and
 * gigabytes, and overflow the stack of whatever walks through them, so they are refused unread.
 * @throws Error with one short line: the text is not JSON, or has values more than 128 deep inside one another
 */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new Error(`its values are more than ${DEEPEST} deep inside one another`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(oneLine((error as Error).message));
  }
}

/** A value of a file for a message: on one line, and short. */
export function shown(value: unknown, quote = '"'): string {
  const text = typeof value === 'string' ? `${quote}${value}${quote}` : beginning(value, SHOWN);
  return oneLine(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}

/** Characters of a value that are shown. */
const SHOWN = 60;

function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

/** The JSON of a value, which may end anywhere after its first `room` characters. */
function beginning(value: unknown, room: number): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, Math.max(0, room)));
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'nothing';
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  let text = open!;
  for (const key in value) {
    if (text.length > room) return text;
    if (text !== open) text += ',';
    if (open === '{') text += `${JSON.stringify(key.slice(0, room))}:`;
    text += beginning((value as Record<string, unknown>)[key], room - text.length);
  }
  return text + close;
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (isQuoted) {
      if (code === BACKSLASH) i++;
      else if (code === QUOTE) isQuoted = false;
    } else if (code === QUOTE) isQuoted = true;
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > DEEPEST) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  return false;
}
