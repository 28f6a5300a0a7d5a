import '@tensorflow/tfjs-core/dist/register_all_gradients.js';

/** trace/gradients.ts in a browser: the import registers tfjs's gradients in the tfjs-core of the bundle. */
export function registerGradients(): void {}
