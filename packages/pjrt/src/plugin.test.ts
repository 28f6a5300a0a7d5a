import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { InputError } from '@mlm/base/errors';
import { describe, expect, it } from 'vitest';
import { Plugin } from './plugin.js';

describe('Plugin.load', () => {
  it('names a file that is missing, and one that is no plugin', async () => {
    await expect(Plugin.load('/nowhere/plugin.so')).rejects.toThrow(
      new InputError('/nowhere/plugin.so: no such file; expected a PJRT plugin, a shared library'),
    );
    const own = fileURLToPath(import.meta.url);
    await expect(Plugin.load(own)).rejects.toThrow(/plugin\.test\.ts cannot be loaded as a PJRT plugin/);
    await expect(Plugin.load(own)).rejects.toBeInstanceOf(InputError);
  });

  it('fails the same way for a second file: the stack sizes of native calls are set only once', async () => {
    const own = fileURLToPath(import.meta.url);
    for (const attempt of ['first', 'second'])
      await expect(Plugin.load(own), attempt).rejects.toThrow(/Failed to load shared library/);
  });

  it('says what to do if other code used koffi first', () => {
    const program = `
      const { default: koffi } = await import('koffi');
      koffi.load(null);
      const { Native } = await import(${JSON.stringify(new URL('../dist/native.js', import.meta.url).href)});
      await Native.load('x.so').catch((error) => console.log(error.message));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });
    expect(printed).toMatch(/another library before.*call koffi\.config\(\{ async_stack_size: 16777216/);
  });
});
