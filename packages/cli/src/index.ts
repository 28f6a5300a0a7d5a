import { processContext } from './context.js';
import { createProgram } from './program.js';

export { main } from './main.js';

/** A command's help for its page under docs/commands; for a command with subcommands, theirs. */
export interface CommandPage {
  name: string;
  help: string;
}

/** The help of all commands, for the documentation. */
export function commandPages(): CommandPage[] {
  const program = createProgram(processContext(new AbortController().signal));
  return program.commands.map((command) => ({
    name: command.name(),
    help: (command.commands.length > 0 ? command.commands : [command])
      .map((shown) => {
        shown.configureHelp({ ...shown.configureHelp(), helpWidth: 100 });
        return shown.helpInformation().trim();
      })
      .join('\n\n'),
  }));
}
