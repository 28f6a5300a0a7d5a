// The worker of the page: onnxruntime-web, and one run at a time.
import { useOnnxRuntime } from '@mlm/compile';
import * as ort from 'onnxruntime-web/webgpu';
import type { Reply, Request, RunSettings } from './messages.ts';
import { type Exclusively, Training } from './training.ts';

let training: Training | undefined;
let stopped = false;
let last: Promise<unknown> = Promise.resolve();

/** A step, an answer and a checkpoint use the engine one after another. */
const exclusively: Exclusively = (work) => {
  const next = last.then(work);
  last = next.catch(() => undefined);
  return next;
};

const tell = (reply: Reply) => self.postMessage(reply);

self.onmessage = ({ data }: MessageEvent<Request>) => {
  if (data.type === 'stop') stopped = true;
  else if (data.type === 'train') train(data.settings).catch(fail);
  else exclusively(() => answer(data)).catch(fail);
};

async function train(settings: RunSettings): Promise<void> {
  ort.env.wasm.wasmPaths = new URL('ort/', self.location.href.replace(/assets\/[^/]*$/, '')).href;
  ort.env.wasm.numThreads = settings.threads;
  useOnnxRuntime(ort);
  const device = settings.device === 'auto' ? ((await hasWebgpu()) ? 'webgpu' : 'wasm') : settings.device;
  const prepared = await Training.prepare({ ...settings, device }, tell);
  training = prepared;
  await prepared.run(tell, () => stopped, exclusively);
}

async function answer(request: Extract<Request, { type: 'ask' | 'checkpoint' }>): Promise<void> {
  if (!training) return;
  if (request.type === 'checkpoint') tell({ type: 'checkpoint', files: await training.checkpoint() });
  else tell({ type: 'answers', sentence: request.sentence, guesses: await training.guess(request.sentence) });
}

/** Whether there is a GPU that WebGPU gives out. */
async function hasWebgpu(): Promise<boolean> {
  const { gpu } = navigator as Navigator & { gpu?: { requestAdapter(): Promise<unknown> } };
  return gpu !== undefined && (await gpu.requestAdapter()) !== null;
}

function fail(error: unknown): void {
  tell({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
}
