import type { Command } from 'commander';

/** A command, as completion scripts need it. */
export interface CompletedCommand {
  /** The words after `mlm`: `['setup', 'tensorflow']`. */
  words: readonly string[];
  summary: string;
  options: readonly CompletedOption[];
  /** Possible first arguments: subcommands, or the argument's choices. */
  choices: readonly string[];
}

export interface CompletedOption {
  long: string;
  short?: string | undefined;
  summary: string;
  takesValue: boolean;
  choices: readonly string[];
}

/** Every command of the program, parents before children. */
export function describeCommands(program: Command): CompletedCommand[] {
  const described: CompletedCommand[] = [];
  const visit = (command: Command, words: readonly string[]) => {
    described.push({
      words,
      summary: command.description(),
      options: command
        .createHelp()
        .visibleOptions(command)
        .map((option) => ({
          long: option.long ?? '',
          short: option.short,
          summary: option.description,
          takesValue: option.required || option.optional,
          choices: option.argChoices ?? [],
        })),
      choices: [
        ...command.commands.map((child) => child.name()),
        ...command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
      ],
    });
    for (const child of command.commands) visit(child, [...words, child.name()]);
  };
  visit(program, []);
  return described;
}
