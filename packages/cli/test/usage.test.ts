import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { launcher, runMlm, temporaryFolder } from './run-mlm.js';

const commands = (await runMlm(['completion', 'fish'])).stdout
  .toString()
  .match(/^set -l mlm_commands (.*)$/m)![1]!
  .split(' ');

test.each([[[]], [['--help']], ...commands.map((name) => [[name, '--help']])])(
  'help of mlm %j goes to standard output and says how to use it',
  async (args) => {
    const { code, stdout, stderr } = await runMlm(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.toString()).toMatch(/^Usage: mlm/m);
  },
);

test.each(['preprocess', 'train', 'fill'])('help of %s begins with examples', async (name) => {
  const { stdout } = await runMlm([name, '--help']);
  expect(stdout.toString()).toMatch(new RegExp(`^Examples:\n {2}\\$ mlm ${name} `));
});

test.each([
  [['trian'], "mlm: unknown command 'trian' (Did you mean train?)\n"],
  [['train', '--bach-size', '3'], "mlm: unknown option '--bach-size' (Did you mean --batch-size?)\n"],
  [['train'], "mlm: missing required argument 'dataset'\n"],
  [
    ['train', 'x', '--batch-size', '0'],
    "mlm: option '--batch-size <rows>' argument '0' is invalid. Expected auto or a whole number of at least 1.\n",
  ],
  [
    ['train', 'x', '--engine', 'jax'],
    "mlm: option '--engine <name>' argument 'jax' is invalid. Allowed choices are auto, onnx, xla, tensorflow, eager.\n",
  ],
  [
    ['train', 'x', '--early-stop', '2'],
    'mlm: --early-stop does nothing without --eval-every; give both or neither\n',
  ],
  [['preprocess', 'corpus'], /^mlm: expected inputs and then an output.*\n$/],
])('wrong usage %j ends with 2 and one line that helps', async (args, message) => {
  const { code, stdout, stderr } = await runMlm(args);
  expect({ code, stdout: stdout.toString() }).toEqual({ code: 2, stdout: '' });
  if (typeof message === 'string') expect(stderr).toBe(message);
  else expect(stderr).toMatch(message);
});

test('an unknown name in a config file is refused with the nearest right one', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'config.json'), '{"mask-probabilty": 0.2}');
  const { code, stderr } = await runMlm(['preprocess', 'in', 'out', '--config', 'config.json'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toBe(
    'mlm: --config config.json: unknown name "mask-probabilty"; did you mean "mask-probability"?\n',
  );
});

test('debug in a config file shows stack traces, as --debug does', async () => {
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'config.json'), '{"debug": true}');
  const inspect = ['inspect', 'nowhere.arrow'];
  const trace = /\n {4}at /;
  expect((await runMlm([...inspect, '--debug'], { cwd })).stderr).toMatch(trace);
  expect((await runMlm([...inspect, '--config', 'config.json'], { cwd })).stderr).toMatch(trace);
  expect((await runMlm(inspect, { cwd })).stderr).not.toMatch(trace);
});

test('a reader that has seen enough ends the output quietly', () => {
  const line = `set -o pipefail; "${process.execPath}" "${launcher}" completion zsh | true`;
  const { status, stderr } = spawnSync('bash', ['-c', line], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
