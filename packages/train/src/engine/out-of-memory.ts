import { OutOfMemoryError } from '@mlm/compile';
import type { Model } from '../models/model.js';
import { type StepSize, stepBytes, usableShare } from './memory.js';

/** A step that did not fit. */
export interface FailedStep {
  model: Model;
  shape: StepSize;
  /** Bytes that were free before the model was there; undefined where that is not known. */
  freeBytes: number | undefined;
}

/**
 * Adds to an out-of-memory error how many rows should fit, by the estimate behind `batchSize: 'auto'`: as many as the
 * device had memory for when it was free, and fewer than failed. The error stays as it is, suggesting half the rows, where
 * the memory is unknown, or where the estimate says that the step should have fitted, or that not even one row does.
 */
export function withFittingRows(error: unknown, { model, shape, freeBytes }: FailedStep): unknown {
  if (!(error instanceof OutOfMemoryError) || error.rows === undefined || freeBytes === undefined)
    return error;
  const fits = (rows: number) =>
    stepBytes(model, { ...shape, rows, accumulate: true }) <= usableShare * freeBytes;
  let rows = shape.rows - 1;
  while (rows > 0 && !fits(rows)) rows--;
  if (rows === shape.rows - 1 || rows === 0) return error;
  return new OutOfMemoryError(error.where, shape.rows, rows);
}
