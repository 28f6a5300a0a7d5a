/** How the user called `mlm` (through npx, through pnpm, or directly), for commands that reports suggest. */
export function commandName(env: NodeJS.ProcessEnv): string {
  if (env.npm_lifecycle_event !== 'mlm') return 'mlm';
  // npx adds the folder of the pnpm that it fetched to PATH.
  const version = /^pnpm\/(\S+)/.exec(env.npm_config_user_agent ?? '')?.[1];
  return env.PATH?.includes('_npx') && version !== undefined ? `npx -y pnpm@${version} mlm` : 'pnpm mlm';
}

/** The command line as it was typed, or of other words, quoted where the shell requires it. */
export function commandLine(args: readonly string[] = process.argv.slice(2), name = 'mlm'): string {
  return [name, ...args.map(shellWord)].join(' ');
}

/** A word as a shell takes it, quoted where that is required. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
