import type { EmitTable } from '../../emit.js';
import type { ModelBuilder } from '../../onnx/emit/builder.js';
import { emitters as onnxEmitters } from '../../onnx/emit/index.js';
import { lookup } from './lookup.js';
import { matmul } from './matmul.js';
import { random } from './random.js';

/** How each operation is written for WebGPU: as for the CPU, except where onnxruntime would fall back to the CPU. */
export const emitters: EmitTable<ModelBuilder> = { ...onnxEmitters, ...matmul, ...lookup, ...random };
