import { createRequire } from 'node:module';

/**
 * Registers the gradients of tfjs's operations, which the Node build of tfjs-core leaves out; without them,
 * `tf.variableGrads` and `tf.grad` throw. `trace` and `compile` call it; other code that takes gradients must, too.
 */
export function registerGradients(): void {
  // Bundled from tfjs-core by scripts/bundle-gradients.js. The path is the same from src/ and dist/.
  createRequire(import.meta.url)('../../dist/tfjs-gradients.cjs');
}
