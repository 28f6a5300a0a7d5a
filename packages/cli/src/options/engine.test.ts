import { hasBfloat16 } from '@mlm/engines';
import { expect, test } from 'vitest';
import type { Context } from '../context.js';
import { type EngineSettings, pickEngine } from './engine.js';

/** What is said on standard error once the engine has loaded; before that there must be nothing. */
async function said(options: Partial<EngineSettings> & { quiet?: boolean }): Promise<string> {
  let text = '';
  const stderr = { write: (line: string) => (text += line) };
  const { report } = await pickEngine({ stderr, env: {} } as unknown as Context, {
    engine: 'auto',
    device: 'auto',
    precision: 'fp32',
    xla: false,
    devices: 1,
    threads: 0,
    ...options,
  });
  expect(text).toBe('');
  report();
  return text;
}

test('what was asked for by name is not repeated', async () => {
  expect(await said({ engine: 'onnx', device: 'cpu' })).toBe('');
});

test('bf16 on a CPU without its instructions is said in one line', async () => {
  const asked = { engine: 'tensorflow', device: 'cpu', precision: 'bf16' } as const;
  const line = /^mlm: this CPU has no bfloat16 instructions [^\n]*\n$/;
  expect(await said(asked)).toMatch(hasBfloat16() === false ? line : /^$/);
  expect(await said({ ...asked, quiet: true })).toBe('');
  expect(await said({ ...asked, device: 'cuda' })).toBe('');
});
