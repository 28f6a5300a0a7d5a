import { elementCount } from '@mlm/base/shape';
import {
  type KernelFunc,
  type NumericDataType,
  type TensorInfo,
  type UnsortedSegmentSumAttrs,
  util,
} from '@tensorflow/tfjs-core';
import { segmentSum } from '../../primitives/segment-sum.js';
import type { HostBackend } from './host-backend.js';

/**
 * Sums rows by segment in one pass. tfjs's own kernel makes one pass per segment, which is one per word of the
 * vocabulary in the gradient of word embeddings.
 */
export const unsortedSegmentSum: KernelFunc = ({ inputs, attrs, backend }): TensorInfo => {
  const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
  const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
  const host = backend as HostBackend;
  const values = host.readSync(x.dataId);
  const ids = host.readSync(segmentIds.dataId);
  const rest = x.shape.slice(segmentIds.shape.length);
  const shape = [numSegments, ...rest];
  const width = elementCount(rest);
  const sums = util.getTypedArrayFromDType(x.dtype as NumericDataType, numSegments * width);
  segmentSum(values, ids, sums, numSegments);
  return { dataId: host.write(sums, shape, x.dtype), shape, dtype: x.dtype };
};
