import type { EngineOptions } from '../engine/compile-model.js';

export const engineDefaults: EngineOptions = { engine: 'onnx', device: 'cpu', threads: 0, precision: 'fp32' };

/** What `evaluate` does where its options say nothing. */
export const evaluateDefaults = { ...engineDefaults, batchSize: 32 };
