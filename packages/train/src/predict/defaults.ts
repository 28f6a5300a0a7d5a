import type { EngineOptions } from '../engine/engine.js';

export const engineDefaults: EngineOptions = { engine: 'onnx', device: 'cpu', threads: 0, precision: 'fp32' };
