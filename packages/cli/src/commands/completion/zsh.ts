import type { CompletedCommand, CompletedOption } from './describe.js';

/** Completion for zsh, by _arguments. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const functions = commands.map((command) => commandFunction(command, commands));
  return `#compdef mlm
# zsh completion of mlm; load it after compinit: source <(mlm completion zsh)
${functions.join('\n')}
if [[ "$funcstack[1]" == _mlm ]]; then _mlm "$@"; else compdef _mlm mlm; fi
`;
}

function commandFunction(command: CompletedCommand, all: readonly CompletedCommand[]): string {
  const children = all.filter(
    ({ words }) =>
      words.length === command.words.length + 1 && command.words.every((word, i) => words[i] === word),
  );
  const options = command.options.map((option) => `    ${optionSpec(option)}`);
  const name = functionName(command.words);
  if (children.length === 0) {
    const rest = command.choices.length > 0 ? `'1: :(${command.choices.join(' ')})'` : `'*: :_files'`;
    return `${name}() {\n  _arguments -s \\\n${[...options, `    ${rest}`].join(' \\\n')}\n}`;
  }
  const described = children.map((child) => `      ${quote(`${child.words.at(-1)}:${child.summary}`)}`);
  const cases = children.map((child) => `        ${child.words.at(-1)}) ${functionName(child.words)} ;;`);
  return `${name}() {
  local state line
  local -a commands
  _arguments -C -s \\
${[...options, "    '1: :->command'", "    '*:: :->argument'"].join(' \\\n')}
  case "$state" in
    command)
      commands=(
${described.join('\n')}
      )
      _describe command commands ;;
    argument)
      case "$line[1]" in
${cases.join('\n')}
      esac ;;
  esac
}`;
}

function functionName(words: readonly string[]): string {
  return ['_mlm', ...words].join('_');
}

function optionSpec(option: CompletedOption): string {
  const summary = `[${option.summary.replaceAll(/[[\]]/g, '\\$&').replaceAll(':', '\\:')}]`;
  const value = !option.takesValue
    ? ''
    : option.choices.length > 0
      ? `: :(${option.choices.join(' ')})`
      : ': :_files';
  if (option.short === undefined) return quote(`${option.long}${summary}${value}`);
  return `'(${option.short} ${option.long})'{${option.short},${option.long}}${quote(summary + value)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
