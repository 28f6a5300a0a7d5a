// The worker of the page: onnxruntime-web, and one run.
import { useOnnxRuntime } from '@mlm/compile';
import * as ort from 'onnxruntime-web/webgpu';
import type { Reply, Request, RunSettings } from './messages.ts';
import { type Exclusively, Training } from './training.ts';

let device: RunSettings['device'] | undefined;
let training: Training | undefined;
let stopped = false;
let last: Promise<unknown> = Promise.resolve();

/**
 * A step, an answer and a checkpoint use the engine one after another, each after what the page has said meanwhile: in one
 * thread the engine never waits, and no message would be heard before the run's end.
 */
const exclusively: Exclusively = (work) => {
  const next = last.then(nextTurn).then(work);
  last = next.catch(() => undefined);
  return next;
};

const turns = new MessageChannel();

/** Resolves when the messages that wait have been handled. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    turns.port1.onmessage = () => resolve();
    turns.port2.postMessage(undefined);
  });
}

const tell = (reply: Reply) => self.postMessage(reply);

self.onmessage = ({ data }: MessageEvent<Request>) => {
  act(data).catch((error: unknown) => {
    tell({
      type: 'failed',
      message: error instanceof Error ? error.message : String(error),
      ...(device && { device }),
    });
  });
};

async function act(request: Request): Promise<void> {
  switch (request.type) {
    case 'train':
      training = await prepare(request.settings);
      return training.run(tell, () => stopped, exclusively);
    case 'stop':
      stopped = true;
      return;
    case 'resume':
      stopped = false;
      return training?.run(tell, () => stopped, exclusively);
    case 'ask':
      return exclusively(async () => {
        if (training) tell({ type: 'answers', ...(await training.guess(request.sentence)) });
      });
    case 'checkpoint':
      return exclusively(async () => {
        if (training) tell({ type: 'checkpoint', files: await training.checkpoint() });
      });
  }
}

async function prepare(settings: RunSettings): Promise<Training> {
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmPaths = new URL('ort/', self.location.href.replace(/assets\/[^/]*$/, '')).href;
  ort.env.wasm.numThreads = settings.threads;
  useOnnxRuntime(ort);
  device = settings.device === 'auto' ? ((await hasGpu()) ? 'webgpu' : 'wasm') : settings.device;
  return Training.prepare({ ...settings, device }, tell);
}

/** Whether WebGPU gives out a GPU; one made of software is slower than WebAssembly. */
async function hasGpu(): Promise<boolean> {
  const { gpu } = navigator as Navigator & {
    gpu?: { requestAdapter(): Promise<{ info?: { isFallbackAdapter?: boolean } } | null> };
  };
  const adapter = await gpu?.requestAdapter();
  return adapter != null && adapter.info?.isFallbackAdapter !== true;
}
