// Names a plugin that is not there, and a file that the loader of shared libraries refuses.
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@mlm/pjrt';

await assert.rejects(Plugin.load('no/plugin.so'), /no such file; expected a PJRT plugin/);
await assert.rejects(Plugin.load(fileURLToPath(import.meta.url)), /cannot be loaded as a PJRT plugin/);
