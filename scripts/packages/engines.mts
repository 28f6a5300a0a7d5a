// Chooses an engine for this machine's CPU and tries it.
import assert from 'node:assert/strict';
import { chooseEngine, probeEngine } from '@mlm/engines';

const { engine } = await chooseEngine({ engine: 'auto', device: 'cpu' });
assert.ok(['onnx', 'tensorflow'].includes(engine));
const probe = await probeEngine({ engine: 'onnx', device: 'cpu' });
assert.equal(probe.error, undefined);
assert.ok(probe.works);
