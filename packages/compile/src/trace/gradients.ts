import { createRequire } from 'node:module';

/**
 * Registers the gradients of tfjs's operations, without which `tf.variableGrads` and `tf.grad` throw: the Node build
 * of tfjs-core leaves them out. `trace` and `compile` call it; code that takes gradients by itself must too.
 */
export function registerGradients(): void {
  // Bundled from tfjs-core by scripts/bundle-gradients.js; the path is the same from src/ and from dist/.
  createRequire(import.meta.url)('../../dist/tfjs-gradients.cjs');
}
