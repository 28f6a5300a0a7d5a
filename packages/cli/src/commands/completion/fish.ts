import type { CompletedCommand, CompletedOption } from './describe.js';

/** Completion for fish: one `complete` line for each command and option. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const children = commands.filter(({ words }) => words.length > 0);
  const first = children.filter(({ words }) => words.length === 1).map(({ words }) => words[0]!);
  const lines = [
    '# fish completion of mlm; save it as ~/.config/fish/completions/mlm.fish',
    `set -l mlm_commands ${first.join(' ')}`,
  ];
  for (const { words, summary } of children) {
    const parent = condition(words.slice(0, -1));
    const unless = words.length === 1 ? 'not __fish_seen_subcommand_from $mlm_commands' : parent;
    lines.push(`complete -c mlm -f -n ${doubleQuote(unless)} -a ${words.at(-1)} -d ${quote(summary)}`);
  }
  for (const command of commands) {
    const when = command.words.length === 0 ? '' : ` -n ${doubleQuote(condition(command.words))}`;
    for (const option of command.options) lines.push(`complete -c mlm${when} ${optionSpec(option)}`);
    const hasChildren = children.some(
      ({ words }) => words.length === command.words.length + 1 && words[0] === command.words[0],
    );
    if (command.choices.length > 0 && command.words.length > 0 && !hasChildren) {
      lines.push(`complete -c mlm -f${when} -a ${quote(command.choices.join(' '))}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function condition(words: readonly string[]): string {
  return words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
}

function optionSpec(option: CompletedOption): string {
  const short = option.short === undefined ? '' : `-s ${option.short.slice(1)} `;
  const value = !option.takesValue
    ? ''
    : option.choices.length > 0
      ? ` -x -a ${quote(option.choices.join(' '))}`
      : ' -r';
  return `${short}-l ${option.long.slice(2)}${value} -d ${quote(option.summary)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function doubleQuote(text: string): string {
  return `"${text}"`;
}
