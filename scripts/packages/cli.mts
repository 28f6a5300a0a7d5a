// The installed `mlm`, as a program: its straight line from text to a filled mask.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { commandPages } from '@mlm/cli';

writeFileSync('corpus.txt', 'the sea is wide and the sky is high\n\n'.repeat(200));
for (const args of [
  ['--help'],
  ['preprocess', 'corpus.txt', 'out.arrow', '--sequence-length', '32'],
  ['train', 'out.arrow', '--model', 'bert-tiny', '--max-steps', '2', '--batch-size', '4'],
  ['fill', 'out-bert-tiny', 'the sea is [MASK]'],
]) {
  const { status, stderr } = spawnSync('node_modules/.bin/mlm', args, { encoding: 'utf8' });
  assert.equal(status, 0, `mlm ${args.join(' ')}: ${stderr}`);
}
assert(commandPages().some(({ name }) => name === 'preprocess'));
