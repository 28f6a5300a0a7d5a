import { type CommandSettings, defineCommand } from '../../options/command.js';
import { json } from '../../options/shared.js';

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'show what this machine can run, what is missing, and the command that gets it',
  examples: [['mlm doctor'], ['mlm doctor --json']],
  arguments: {},
  options: { json: json('print everything as one JSON object') },
});

export type DoctorSettings = CommandSettings<typeof doctor>;
