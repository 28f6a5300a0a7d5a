type Format = 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan' | 'inverse';

const codes: Record<Format, [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  inverse: [7, 27],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Formats text for a terminal, or returns it unchanged. */
export type Style = (format: Format, text: string) => string;

/**
 * FORCE_COLOR and NO_COLOR decide (https://force-color.org, https://no-color.org), else whether the stream is a
 * terminal.
 */
export function styleFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Style {
  return usesColor(stream, env)
    ? (format, text) => `\x1b[${codes[format][0]}m${text}\x1b[${codes[format][1]}m`
    : (_, text) => text;
}

function usesColor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '')
    return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  if (env.NO_COLOR !== undefined && env.NO_COLOR !== '') return false;
  return stream.isTTY === true && env.TERM !== 'dumb';
}
