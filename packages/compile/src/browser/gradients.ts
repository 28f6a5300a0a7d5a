import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

/** Replaces trace/gradients.ts in browsers, where the import registers the gradients in the bundle's own tfjs-core. */
export function registerGradients(): void {}
