import { existsSync } from 'node:fs';
import { type Context, userPath } from './context.js';

/** What `--model` names: a folder where the user stands if there is one, else a name that the train package knows. */
export function modelPath(context: Context, name: string): string {
  const path = userPath(context, name);
  return existsSync(path) ? path : name;
}

/** A path as short as the user would type it: relative where that is shorter. */
export function shownPath(context: Context, path: string): string {
  const prefix = context.cwd.endsWith('/') ? context.cwd : `${context.cwd}/`;
  return path.startsWith(prefix) ? path.slice(prefix.length) : path;
}
