import { OutOfMemoryError } from '@mlm/compile';
import type { Model } from '../models/model.js';
import { type StepShape, stepBytes, usableShare } from './memory.js';

/** A step that did not fit. */
export interface FailedStep {
  model: Model;
  shape: StepShape;
  /** Bytes that were free before the model was there; undefined where that is not known. */
  freeBytes: number | undefined;
}

/**
 * Names the rows that should fit in an error of too little memory, by the estimate behind `--batch-size auto`: as many as
 * the memory held when it was free, and fewer than did not fit. Where the memory is not known the error stays, and names
 * half the rows; so it does where by the estimate the step should have fitted, or nothing would.
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
