import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const words =
  'the quick brown fox jumps over a lazy dog while old rivers carry small boats past green hills and quiet towns where people sing songs about the sea'.split(
    ' ',
  );

/** English-looking text with blank lines between its documents, the same for the same arguments. */
export function someText(documents: number, seed = 1): string {
  let state = seed;
  const random = (bound: number) => {
    state = (state * 48271) % 0x7fffffff;
    return state % bound;
  };
  const text: string[] = [];
  for (let document = 0; document < documents; document++) {
    const sentence = Array.from({ length: 20 + random(60) }, () => words[random(words.length)]);
    text.push(`${sentence.join(' ')}.\n`);
  }
  return text.join('\n');
}

/** Writes files (text or bytes by relative path) into a folder. */
export function writeFiles(folder: string, files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}
