import type { Batch } from './batch.js';

/**
 * Divides a batch into micro-batches of `rows` rows each, which are views of it; missing rows of the last one become
 * padding. Micro-batches of padding alone are left out, except the first.
 */
export function splitBatch(batch: Batch, rows: number, padId: number): Batch[] {
  return cut(batch, rows, padId).filter(({ tokens }, index) => tokens > 0 || index === 0);
}

/** Divides a batch's rows among devices, in order; missing rows become padding. */
export function divideBatch(batch: Batch, devices: number): Batch[] {
  if (devices === 1) return [batch];
  const rows = Math.ceil(batch.batch / devices);
  const shares = cut(batch, rows, 0);
  const places = rows * batch.sequence;
  while (shares.length < devices) {
    shares.push({
      batch: rows,
      sequence: batch.sequence,
      input_ids: new Int32Array(places),
      attention_mask: new Float32Array(places),
      ...(batch.document_starts && { document_starts: new Int32Array(places) }),
      masked_positions: new Int32Array(1),
      masked_labels: new Int32Array(1),
      masked: 0,
      tokens: 0,
    });
  }
  return shares;
}

function cut(batch: Batch, rows: number, padId: number): Batch[] {
  if (rows >= batch.batch) return [batch];
  const { sequence } = batch;
  const places = rows * sequence;
  const parts: Batch[] = [];
  // Positions ascend, so those of a micro-batch are adjacent.
  let next = 0;
  for (let start = 0; start < batch.input_ids.length; start += places) {
    const end = start + places;
    let input_ids = batch.input_ids.subarray(start, end);
    let attention_mask = batch.attention_mask.subarray(start, end);
    let document_starts = batch.document_starts?.subarray(start, end);
    if (input_ids.length < places) {
      const [ids, attended, begun] = [input_ids, attention_mask, document_starts];
      input_ids = new Int32Array(places).fill(padId);
      input_ids.set(ids);
      attention_mask = new Float32Array(places);
      attention_mask.set(attended);
      if (begun) {
        document_starts = new Int32Array(places);
        document_starts.set(begun);
      }
    }
    const first = next;
    while (next < batch.masked && batch.masked_positions[next]! < end) next++;
    const masked = next - first;
    const tokens = attention_mask.reduce((sum, attended) => sum + attended, 0);
    parts.push({
      batch: rows,
      sequence,
      input_ids,
      attention_mask,
      document_starts,
      // Never empty, as in any batch.
      masked_positions:
        masked === 0
          ? new Int32Array(1)
          : batch.masked_positions.subarray(first, next).map((position) => position - start),
      masked_labels: masked === 0 ? new Int32Array(1) : batch.masked_labels.subarray(first, next),
      masked,
      tokens,
    });
  }
  return parts;
}
