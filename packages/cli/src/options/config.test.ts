import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whole } from '@mlm/base/options';
import { Command, InvalidArgumentError } from 'commander';
import { expect, test } from 'vitest';
import { addConfigOption, applyConfig } from './config.js';

const rows = whole({ from: 1, help: '' });
const integer = (text: string) => {
  if (rows.accepts(rows.read(text))) return rows.read(text);
  throw new InvalidArgumentError(`Expected ${rows.expected}.`);
};

const folder = mkdtempSync(join(tmpdir(), 'mlm-config-'));

async function optionsWith(config: unknown, args: string[] = []): Promise<Record<string, unknown>> {
  const file = join(folder, 'config.json');
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
  const command = new Command('train')
    .option('--config <file>')
    .option('--batch-size <rows>', '', integer, 32)
    .option('--output <folder>')
    .option('--resume')
    .parse(['--config', file, ...args], { from: 'user' });
  await applyConfig(command);
  const { config: _, ...options } = command.opts();
  return options;
}

test('names and values of the file are those of the options', async () => {
  expect(await optionsWith({ 'batch-size': 8, output: 'out', resume: true })).toEqual({
    batchSize: 8,
    output: 'out',
    resume: true,
  });
});

test('the command line wins over the file, the file over the defaults', async () => {
  expect(await optionsWith({ 'batch-size': 8, output: 'out' }, ['--batch-size', '4'])).toEqual({
    batchSize: 4,
    output: 'out',
  });
});

test('the file may bring a required option; without it the command is refused', async () => {
  const file = join(folder, 'required.json');
  const parse = async (config: object) => {
    writeFileSync(file, JSON.stringify(config));
    const command = addConfigOption(new Command('eval')).requiredOption('--model <checkpoint>');
    command.exitOverride().parse(['--config', file], { from: 'user' });
    await applyConfig(command);
    return command.opts<{ model: string }>().model;
  };
  expect(await parse({ model: 'ck' })).toBe('ck');
  await expect(parse({})).rejects.toThrow("required option '--model <checkpoint>' not specified");
});

test.each([
  [{ bath_size: 8 }, 'unknown name "bath_size"; did you mean "batch-size"?'],
  [{ zebra: 8 }, 'unknown name "zebra"; see `mlm train --help` for its names'],
  [{ config: 'other.json' }, 'unknown name "config"'],
  [{ 'batch-size': 0 }, '"batch-size": Expected a whole number of at least 1.'],
  [{ 'batch-size': [1] }, '"batch-size" expects a text or a number.'],
  [{ resume: 'yes' }, '"resume" expects true or false.'],
  ['[1]', 'expected one object'],
  ['{"seed": }', 'not valid JSON'],
])('%j is refused: %s', async (config, message) => {
  await expect(optionsWith(config)).rejects.toThrow(message);
});
