import type { EngineOptions } from '../engine/compile-model.js';

export const engineDefaults: EngineOptions = { engine: 'onnx', device: 'cpu', threads: 0, precision: 'fp32' };
