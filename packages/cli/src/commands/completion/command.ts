import { Argument, type Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';
import { bashCompletion } from './bash.js';
import { describeCommands } from './describe.js';
import { fishCompletion } from './fish.js';
import { zshCompletion } from './zsh.js';

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion };

export function completionCommand(context: Context, program: Command): Command {
  return defineCommand('completion', 'a script that completes mlm’s commands and options in your shell', [
    ['source <(mlm completion bash)', 'in ~/.bashrc'],
    ['source <(mlm completion zsh)', 'in ~/.zshrc, after compinit'],
    ['mlm completion fish > ~/.config/fish/completions/mlm.fish'],
  ])
    .addArgument(new Argument('<shell>', 'the shell to complete in').choices(Object.keys(writers)))
    .action((shell: keyof typeof writers) => {
      context.stdout.write(writers[shell](describeCommands(program)));
    });
}
