import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

// On loading, TensorFlow says which instructions it uses, partly before it has read how much it is to say.
test.each([
  ['nothing', {}],
  ['all with MLM_DEBUG', { MLM_DEBUG: '1' }],
])('TensorFlow says %s when it is loaded', async (what, changed) => {
  const code = `
    const { loadTfjsNode } = await import('@mlm/compile/tensorflow');
    const tf = await loadTfjsNode();
    console.log(tf.getBackend());`;
  const { MLM_DEBUG: _, TF_CPP_MIN_LOG_LEVEL: __, ...env } = process.env;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...env, ...changed },
    cwd: import.meta.dirname,
  });
  expect(stdout.trim()).toBe('tensorflow');
  if (what === 'nothing') expect(stderr).toBe('');
  else expect(stderr).toContain('This TensorFlow binary is optimized');
});
