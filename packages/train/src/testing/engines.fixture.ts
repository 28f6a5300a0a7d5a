import type { EngineOptions } from '../engine/compile-model.js';

/**
 * The engines that a test runs on: those of `MLM_TEST_ENGINES`, by which the lanes in interop/ name one that needs more
 * than Node, else the ones given.
 */
export const testEngines = (...usual: EngineOptions['engine'][]) =>
  (process.env.MLM_TEST_ENGINES?.split(',') as EngineOptions['engine'][] | undefined) ?? usual;

/** The device that a test runs on: that of `MLM_TEST_DEVICE`, else the CPU. */
export const testDevice = (process.env.MLM_TEST_DEVICE ?? 'cpu') as EngineOptions['device'];
