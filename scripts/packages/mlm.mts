// The command line installs and trains a step; nothing was downloaded but from npm.
import assert from 'node:assert';
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';

writeFileSync(
  'corpus.txt',
  'A line of text to learn from.\n\nAnd a second document, which is a little longer.\n',
);
for (const line of [
  'preprocess corpus.txt corpus.arrow --sequence-length 16',
  'train corpus.arrow --model bert-tiny --max-steps 1 --engine onnx --device cpu --output run',
]) {
  const { status, stderr } = spawnSync('npx', ['mlm', ...line.split(' ')], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}
assert.ok(readdirSync('run').includes('model.safetensors'));
const installed = readdirSync('node_modules', { recursive: true, encoding: 'utf8' });
assert.ok(!installed.some((name) => /providers_cuda/.test(name)));
