import { InputError, mention, say } from '@mlm/base/errors';
import type { Capabilities, Device, Precision } from '../targets/target.js';
import { web } from '../targets/web/target.js';

export { useOnnxRuntime } from '../targets/web/runtime.js';

/** Replaces targets/index.ts in browsers, where onnxruntime-web is the only target. */
export const targets = [web] as const;

/** onnxruntime-web has none of them. */
export const enginesWith = (_capability: keyof Capabilities): readonly string[] => [];

/** @throws InputError unless the device is `cpu` or `webgpu` and the precision `fp32` */
export function targetFor(_engine: string, device: Device, precision: Precision): typeof web {
  if (!(web.devices as readonly Device[]).includes(device) || precision !== 'fp32') {
    throw new InputError(
      say`${mention('device', device)} with ${mention('precision', precision)}: browsers support cpu and webgpu, in fp32 only`,
    );
  }
  return web;
}
