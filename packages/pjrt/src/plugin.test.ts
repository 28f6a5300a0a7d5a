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
});
