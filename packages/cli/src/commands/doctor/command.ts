import type { Command } from 'commander';
import type { Context } from '../../context.js';
import { defineCommand } from '../../options/define.js';

export interface DoctorOptions {
  json?: boolean;
  quiet?: boolean;
}

export function doctorCommand(context: Context): Command {
  return defineCommand('doctor', 'what this machine can run, what is missing, and the command that gets it', [
    ['mlm doctor'],
    ['mlm doctor --json'],
  ])
    .option('--json', 'print everything as one JSON object')
    .action(async (options: DoctorOptions) => {
      const { runDoctor } = await import('./run.js');
      await runDoctor(context, options);
    });
}
