import type { CompletedCommand } from './describe.js';

/** Completion for bash 3.2 and later: subcommands, options, choices of a value, and files everywhere else. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ words, options, choices }) => {
    const valued = options
      .filter((option) => option.choices.length > 0)
      .map(
        (option) =>
          `      ${option.long}) COMPREPLY=($(compgen -W '${option.choices.join(' ')}' -- "$current")); return ;;`,
      );
    const flags = options.flatMap((option) =>
      option.short === undefined ? [option.long] : [option.long, option.short],
    );
    return [
      `    '${words.join(' ')}')`,
      ...(valued.length === 0 ? [] : ['      case "$previous" in', ...valued, '      esac']),
      `      options='${flags.join(' ')}'`,
      `      choices='${choices.join(' ')}' ;;`,
    ].join('\n');
  });
  const names = commands.filter(({ words }) => words.length > 0).map(({ words }) => `'${words.join(' ')}'`);
  return `# bash completion of mlm; load it with: source <(mlm completion bash)
_mlm() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}"
  local command='' candidate word options='' choices=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    candidate="\${command:+$command }$word"
    case "$candidate" in
      ${names.join('|')}) command="$candidate" ;;
    esac
  done
  case "$command" in
${cases.join('\n')}
  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif [[ -n "$choices" ]]; then
    COMPREPLY=($(compgen -W "$choices" -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _mlm mlm
`;
}
