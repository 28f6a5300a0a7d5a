import { choice, required } from '@mlm/base/options';
import { type CommandSettings, defineCommand } from '../../options/command.js';

export const shells = ['bash', 'zsh', 'fish'] as const;

export const completion = defineCommand({
  name: 'completion',
  summary: 'print a script that completes mlm’s commands and options in your shell',
  examples: [
    ['source <(mlm completion bash)', 'in ~/.bashrc'],
    ['source <(mlm completion zsh)', 'in ~/.zshrc, after compinit'],
    ['mlm completion fish > ~/.config/fish/completions/mlm.fish'],
  ],
  arguments: { shell: required(choice(shells, { help: 'the shell to complete in' })) },
  options: {},
});

export type CompletionSettings = CommandSettings<typeof completion>;
