import { spawnSync } from 'node:child_process';
import { Command, Option } from 'commander';
import { expect, test } from 'vitest';
import { bashCompletion } from './bash.js';
import { describeCommands } from './describe.js';
import { fishCompletion } from './fish.js';
import { zshCompletion } from './zsh.js';

const program = new Command('mlm')
  .addCommand(
    new Command('train')
      .description("train a model's weights")
      .argument('<dataset>')
      .option('-q, --quiet', 'no [progress]')
      .addOption(new Option('--engine <name>', 'what: runs').choices(['onnx', 'eager'])),
  )
  .addCommand(new Command('setup').description('set up').addCommand(new Command('tensorflow')));

/** What bash offers when Tab is pressed after these words. */
function completeInBash(...words: string[]): string[] {
  const script = `${bashCompletion(describeCommands(program))}
    COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    _mlm; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, subcommands, options and the choices of a value, and files elsewhere', () => {
  expect(completeInBash('mlm', 'tr')).toEqual(['train']);
  expect(completeInBash('mlm', 'setup', '')).toEqual(['tensorflow']);
  expect(completeInBash('mlm', 'train', '--e')).toEqual(['--engine']);
  expect(completeInBash('mlm', 'train', '--engine', 'o')).toEqual(['onnx']);
  expect(completeInBash('mlm', 'train', 'completion.t')).toEqual(['completion.test.ts']);
});

test('the scripts of zsh and fish name every command and option, with quotes and brackets escaped', () => {
  expect(fishCompletion(describeCommands(program))).toMatchInlineSnapshot(`
    "# fish completion of mlm; save it as ~/.config/fish/completions/mlm.fish
    set -l mlm_commands train setup
    complete -c mlm -f -n "not __fish_seen_subcommand_from $mlm_commands" -a train -d 'train a model\\'s weights'
    complete -c mlm -f -n "not __fish_seen_subcommand_from $mlm_commands" -a setup -d 'set up'
    complete -c mlm -f -n "__fish_seen_subcommand_from setup" -a tensorflow -d ''
    complete -c mlm -s h -l help -d 'display help for command'
    complete -c mlm -n "__fish_seen_subcommand_from train" -s q -l quiet -d 'no [progress]'
    complete -c mlm -n "__fish_seen_subcommand_from train" -l engine -x -a 'onnx eager' -d 'what: runs'
    complete -c mlm -n "__fish_seen_subcommand_from train" -s h -l help -d 'display help for command'
    complete -c mlm -n "__fish_seen_subcommand_from setup" -s h -l help -d 'display help for command'
    complete -c mlm -n "__fish_seen_subcommand_from setup; and __fish_seen_subcommand_from tensorflow" -s h -l help -d 'display help for command'
    "
  `);
  expect(zshCompletion(describeCommands(program))).toMatchInlineSnapshot(`
    "#compdef mlm
    # zsh completion of mlm; load it after compinit: source <(mlm completion zsh)
    _mlm() {
      local state line
      local -a commands
      _arguments -C -s \\
        '(-h --help)'{-h,--help}'[display help for command]' \\
        '1: :->command' \\
        '*:: :->argument'
      case "$state" in
        command)
          commands=(
          'train:train a model'\\''s weights'
          'setup:set up'
          )
          _describe command commands ;;
        argument)
          case "$line[1]" in
            train) _mlm_train ;;
            setup) _mlm_setup ;;
          esac ;;
      esac
    }
    _mlm_train() {
      _arguments -s \\
        '(-q --quiet)'{-q,--quiet}'[no \\[progress\\]]' \\
        '--engine[what\\: runs]: :(onnx eager)' \\
        '(-h --help)'{-h,--help}'[display help for command]' \\
        '*: :_files'
    }
    _mlm_setup() {
      local state line
      local -a commands
      _arguments -C -s \\
        '(-h --help)'{-h,--help}'[display help for command]' \\
        '1: :->command' \\
        '*:: :->argument'
      case "$state" in
        command)
          commands=(
          'tensorflow:'
          )
          _describe command commands ;;
        argument)
          case "$line[1]" in
            tensorflow) _mlm_setup_tensorflow ;;
          esac ;;
      esac
    }
    _mlm_setup_tensorflow() {
      _arguments -s \\
        '(-h --help)'{-h,--help}'[display help for command]' \\
        '*: :_files'
    }
    if [[ "$funcstack[1]" == _mlm ]]; then _mlm "$@"; else compdef _mlm mlm; fi
    "
  `);
});
