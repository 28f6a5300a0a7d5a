import Module from 'node:module';
import util from 'node:util';
import { call, InputError, mention, say } from '@mlm/base/errors';
import type * as tfjsCore from '@tensorflow/tfjs-core';
import type { Precision } from '../target.js';
import { explainMissingCuda, findCuda } from './cuda.js';
import { readInstallation, tensorflowFolder } from './installation.js';
import { tfjsNodePackage } from './tfjs-node-package.js';

/** A signature of a SavedModel loaded by tfjs-node. One call runs the session once. */
export interface SavedModelSignature {
  predict(inputs: tfjsCore.NamedTensorMap): tfjsCore.NamedTensorMap;
  dispose(): void;
}

/** The part of tfjs-node that this package uses besides tfjs-core, of which there is only one copy. */
export interface TfjsNode {
  version: { 'tfjs-core': string };
  node: { loadSavedModel(path: string, tags: string[], signature: string): Promise<SavedModelSignature> };
  /** The current backend: tfjs-node's own, right after loading. */
  backend(): { isUsingGpuDevice?: boolean };
  getBackend(): string;
  setBackend(name: string): Promise<boolean>;
  engine(): ReturnType<typeof tfjsCore.engine>;
}

/** How TensorFlow runs. The first call in a process decides everything but `folder`. */
export interface TensorflowOptions {
  /** Threads per operation. Default: TensorFlow's choice, all cores. */
  threads?: number | undefined;
  /** `cpu` hides all GPUs from TensorFlow; `cuda` uses them, with memory growth. Default: `cpu`. */
  device?: 'cpu' | 'cuda' | undefined;
  /**
   * `tf32` lets cuBLAS and cuDNN round the operands of float32 products, as TensorFlow does by default; the graph
   * itself casts for `bf16`. Default: `fp32`, without rounding.
   */
  precision?: Precision | undefined;
  /** Whether TensorFlow compiles clusters of operations with XLA. Default: false. */
  xla?: boolean | undefined;
  /** Folder of the installation. Default: {@link tensorflowFolder}. */
  folder?: string | undefined;
}

let loaded: Promise<TfjsNode> | undefined;
let loadedDevice: TensorflowOptions['device'];
let loadedWithTf32 = false;

/**
 * Loads @tensorflow/tfjs-node-gpu with the binding that `setupTensorflow` built. TensorFlow reads its settings from the
 * environment when it is loaded, so the first call in a process decides them.
 *
 * @throws InputError if TensorFlow is not set up, or already runs on another device or in another precision in this
 *   process
 */
export async function loadTfjsNode(options: TensorflowOptions = {}): Promise<TfjsNode> {
  const { device = 'cpu' } = options;
  const tf32 = options.precision === 'tf32';
  if (!loaded) [loadedDevice, loadedWithTf32] = [device, tf32];
  else if (loadedDevice !== device) {
    throw new InputError(
      say`${mention('device', device)}: TensorFlow already runs on ${loadedDevice} in this process; use another process for ${device}`,
    );
  } else if (device === 'cuda' && loadedWithTf32 !== tf32) {
    const [asked, given] = tf32 ? ['tf32', 'fp32'] : ['fp32', 'tf32'];
    throw new InputError(
      say`${mention('precision', asked)}: TensorFlow already runs in ${given} in this process; use another process for ${asked}`,
    );
  }
  loaded ??= load(options).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(options: TensorflowOptions): Promise<TfjsNode> {
  const folder = options.folder ?? tensorflowFolder();
  const installation = await readInstallation(folder);
  if (!installation) {
    const setup = call('setupTensorflow', options.device === 'cuda' ? { gpu: true } : undefined);
    throw new InputError(say`TensorFlow is not set up in ${folder}; run ${setup}`);
  }
  setEnvironment(options);
  // tfjs-node 4.22 calls util.isNullOrUndefined, which Node 23 removed.
  const legacy = util as { isNullOrUndefined?: (value: unknown) => boolean };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  const { require } = tfjsNodePackage();
  const forget = answerBindingPath(require, installation.binding);
  let tf: TfjsNode;
  try {
    if (options.device === 'cuda' && installation.cuda_libraries) require(installation.cuda_libraries);
    if (installation.quiet_load && process.env.TF_CPP_MIN_LOG_LEVEL !== '0') require(installation.quiet_load);
    tf = withQuietStartup(() => require('@tensorflow/tfjs-node-gpu') as TfjsNode);
  } catch (error) {
    throw new InputError(
      say`TensorFlow ${installation.tensorflow_version} does not load (${(error as Error).message.split('\n')[0]}); run ${call('setupTensorflow')} again`,
    );
  } finally {
    forget();
  }
  // Without a GPU, TensorFlow would silently run everything on the CPU.
  if (options.device === 'cuda' && !tf.backend().isUsingGpuDevice) {
    throw explainMissingCuda(await findCuda(installation));
  }
  return tf;
}

function setEnvironment(options: TensorflowOptions): void {
  const set = (name: string, value: string) => {
    process.env[name] ??= value;
  };
  // Errors are thrown as well as logged.
  set('TF_CPP_MIN_LOG_LEVEL', process.env.MLM_DEBUG ? '0' : '3');
  if (options.threads) {
    set('TF_NUM_INTRAOP_THREADS', String(options.threads));
    // Operations run one after another: concurrent ones would compete for the same cores and caches.
    set('TF_NUM_INTEROP_THREADS', '1');
    set('OMP_NUM_THREADS', String(options.threads));
  }
  if (options.device === 'cuda') {
    set('TF_FORCE_GPU_ALLOW_GROWTH', 'true');
    // Otherwise, atomic additions would make runs differ, and a resumed run from an uninterrupted one. Costs about 2 %.
    set('TF_DETERMINISTIC_OPS', '1');
    if (options.precision !== 'tf32') set('NVIDIA_TF32_OVERRIDE', '0');
  } else set('CUDA_VISIBLE_DEVICES', '-1');
  if (options.xla) set('TF_XLA_FLAGS', '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit');
}

/**
 * Replaces @mapbox/node-pre-gyp, which tfjs-node asks for the path of its binding. @returns a function that undoes it
 */
function answerBindingPath(require: NodeJS.Require, binding: string): () => void {
  const id = require.resolve('@mapbox/node-pre-gyp');
  const before = require.cache[id];
  const answer = new Module(id);
  answer.exports = { find: () => binding };
  answer.loaded = true;
  require.cache[id] = answer;
  return () => {
    if (before) require.cache[id] = before;
    else delete require.cache[id];
  };
}

/** Silences tfjs's warnings that kernels are already registered, one per kernel of a second copy of a backend. */
function withQuietStartup<T>(load: () => T): T {
  const { warn } = console;
  console.warn = () => {};
  try {
    return load();
  } finally {
    console.warn = warn;
  }
}
