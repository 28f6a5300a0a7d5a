// Encodes options as XLA reads them, and names a plugin that is not there.
import assert from 'node:assert/strict';
import { encodeCompileOptions, Plugin } from '@mlm/pjrt';

assert.deepEqual([...encodeCompileOptions({ replicas: 2 })], [26, 4, 32, 2, 40, 1]);
await assert.rejects(Plugin.load('no/plugin.so'), /no such file; expected a PJRT plugin/);
