import type { InputFiles } from '@mlm/tokenize';

/** A shorter run is over before a forecast is worth its time. */
const longBytes = 2e9;

/** Whether a forecast is worth its time; standard input and other streams cannot be read ahead. */
export function isLong({ files, bytes }: InputFiles, enough = longBytes): boolean {
  return bytes >= enough && files.every(({ path, isStream }) => path !== '-' && isStream !== true);
}
