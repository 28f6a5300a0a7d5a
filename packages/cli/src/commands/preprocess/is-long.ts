import type { InputFiles } from '@mlm/tokenize';

/** A shorter run is over before a forecast is worth its time. */
const longBytes = 2e9;

/** Whether a forecast is worth its time; standard input cannot be read ahead. */
export function isLong({ files, bytes }: InputFiles): boolean {
  return bytes >= longBytes && files.every(({ path }) => path !== '-');
}
