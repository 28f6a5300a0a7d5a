import { InputError, mention, say } from '@mlm/base/errors';
import type { Device, Precision } from '../targets/target.js';
import { web } from '../targets/web/target.js';

export { useOnnxRuntime } from '../targets/web/runtime.js';

/** targets/index.ts in a browser: onnxruntime-web alone. */
export const targets = [web] as const;

/** @throws InputError for another device than `cpu` and `webgpu`, or another precision than `fp32` */
export function targetFor(_engine: string, device: Device, precision: Precision): typeof web {
  if (!(web.devices as readonly Device[]).includes(device) || precision !== 'fp32') {
    throw new InputError(
      say`${mention('device', device)} with ${mention('precision', precision)}: a browser has cpu and webgpu, in fp32`,
    );
  }
  return web;
}
