import { OutOfMemoryError } from '@mlm/compile';
import type { Model } from '../models/model.js';
import { type StepSize, stepBytes, usableShare } from './memory.js';

/** A step that did not fit into memory. */
export interface FailedStep {
  model: Model;
  shape: StepSize;
  /** Bytes that were free before the model was loaded; undefined if unknown. */
  freeBytes: number | undefined;
}

/**
 * Adds to an out-of-memory error how many rows should fit: as many as the estimate behind `batchSize: 'auto'` allows in
 * the memory that was free before the model was loaded, and fewer than failed. The error is returned unchanged,
 * suggesting half the rows, if that memory is unknown, or if by the estimate the step should have fitted or not even
 * one row does.
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
