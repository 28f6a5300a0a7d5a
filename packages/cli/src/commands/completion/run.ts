import type { Context } from '../../context.js';
import type { Invocation } from '../../options/command.js';
import { bashCompletion } from './bash.js';
import type { CompletionSettings, completion } from './command.js';
import { describeCommands } from './describe.js';
import { fishCompletion } from './fish.js';
import { zshCompletion } from './zsh.js';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function runCompletion(
  context: Context,
  { shell }: CompletionSettings,
  { command }: Invocation<typeof completion>,
): void {
  context.stdout.write(writers[shell](describeCommands(command.parent!)));
}
